#!/bin/sh
# What is checked besides the tests: format, clang-tidy, sanitizers, valgrind, reloads, fuzzing, the
# package.
# One word for one check: tests/check.sh format
set -eu
cd "$(dirname "$0")/.."

sources() {
    git ls-files "$@" 'probes/*.c' 'sidecar/*.c' 'tests/*.c'
}

check_format() {
    git ls-files 'probes/*.[ch]' 'sidecar/*.[ch]' 'tests/*.[ch]' | xargs clang-format --dry-run --Werror
}

# By the commands of the one build that has every source in it, the fuzz targets among them.
check_tidy() {
    cmake --preset fuzz >/dev/null
    sources | xargs -P "$(nproc)" -n 4 clang-tidy -p .build/fuzz --quiet
}

build() {
    cmake --preset "$1" >/dev/null
    cmake --build --preset "$1"
}

# Address and undefined behaviour, over all.
check_asan() {
    build asan
    ctest --preset asan --parallel "$(nproc)"
}

# Threads: the hand-over between the two, the daemon under load while its server misbehaves, and the
# checking thread's start while files are still read.
check_tsan() {
    build tsan
    ctest --preset tsan -L unit --parallel "$(nproc)"
    run_program tsan 4 tests/e2e/test_load.py
    run_program tsan 4 tests/e2e/test_head_start.py
    SCHEMALATCH_TEST_RELOADS=100 run_program tsan 4 tests/e2e/test_reload.py
}

# Ten thousand reloads under probing: no wrong answer, one connection, memory flat.
check_reload() {
    build ci
    SCHEMALATCH_TEST_RELOADS=10000 run_program ci 1 tests/e2e/test_reload.py -k memory
}

# One end-to-end run with every allocation watched: no error, no leak.
check_valgrind() {
    build ci
    wrapper=$(mktemp)
    trap 'rm -f "$wrapper"' EXIT
    cat >"$wrapper" <<END
#!/bin/sh
exec valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect,possible \\
    --errors-for-leak-kinds=definite,indirect,possible \\
    $PWD/.build/ci/sidecar/schemalatch "\$@"
END
    chmod 755 "$wrapper"
    SCHEMALATCH=$wrapper run_program ci 15 tests/e2e/test_alembic_story.py
}

# run_program PRESET PATIENCE FILES: end-to-end tests with that build, limits stretched.
run_program() {
    preset=$1 patience=$2
    shift 2
    SCHEMALATCH=${SCHEMALATCH:-$PWD/.build/$preset/sidecar/schemalatch} \
        SCHEMALATCH_TEST_PATIENCE=$patience PYTHONDONTWRITEBYTECODE=1 \
        TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1" \
        /usr/bin/python3 -m pytest -q -p no:cacheprovider -n 4 --dist loadfile "$@"
}

check_fuzz() {
    build fuzz
    seconds=${FUZZ_SECONDS:-20}
    for target in alembic config contract dsn migrations service_answer state target; do
        work=$(mktemp -d)
        echo "fuzzing $target for $seconds s"
        .build/fuzz/tests/fuzz_$target -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
            -print_final_stats=0 -verbosity=0 -artifact_prefix="$work/" "$work" "tests/fuzz/corpus/$target"
        rm -rf "$work"
    done
}

# The package installs, says its version, and holds what it should.
check_package() {
    build release
    (cd .build/release && cpack -G DEB >/dev/null)
    package=$(ls .build/release/*.deb)
    root=$(mktemp -d)
    dpkg-deb -x "$package" "$root"
    "$root/usr/bin/schemalatch" version
    test -f "$root/usr/share/doc/schemalatch/README.md"
    dpkg-deb -f "$package" Depends | grep -q libpq5
    rm -rf "$root" "$package"
}

tests/install.sh build demo test check
[ $# -gt 0 ] || set -- format tidy asan tsan valgrind reload fuzz package
for name in "$@"; do
    echo "== $name"
    "check_$name"
done
