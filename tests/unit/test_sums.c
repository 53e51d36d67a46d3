/* Checksums as the tools write them. Expected values: zlib's crc32 and sha256sum, sha384sum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../probes/history/sums.h"

static void assert_sums(enum sum_kind kind, const char *text, size_t count, const char *first)
{
	struct strings sums = {0};

	sums_of(kind, text, strlen(text), &sums);
	assert_int_equal(sums.count, count);
	if (count > 0)
		assert_string_equal(sums.items[0], first);
	strings_done(&sums);
}

static void flyway_ignores_line_ends_and_a_byte_order_mark(void **state)
{
	(void)state;
	assert_int_equal(crc32_of("123456789", 9), 0xCBF43926u);
	assert_sums(SUM_FLYWAY, "123456789", 1, "-873187034");
	assert_sums(SUM_FLYWAY, "1234\r\n567\r89\n", 1, "-873187034");
	assert_sums(SUM_FLYWAY,
	    "\xef\xbb\xbf"
	    "123456789",
	    1, "-873187034");
	assert_sums(SUM_FLYWAY, "", 1, "0");
	assert_sums(SUM_FLYWAY, "select '${who}'", 0, NULL);
}

static void digests_are_in_hex(void **state)
{
	struct strings sums = {0};

	(void)state;
	assert_sums(SUM_NONE, "abc", 0, NULL);
	assert_sums(SUM_SHA256, "abc", 1,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_sums(SUM_SHA384, "abc", 1,
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358bae"
	    "ca134c825a7");
	assert_sums(SUM_SHA256_ENDS, "abc", 1,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sums_of(SUM_SHA256_ENDS, "a\nb\r\n", 5, &sums);
	assert_int_equal(sums.count, 3); /* as it is, with \n alone, with \r\n alone */
	strings_done(&sums);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flyway_ignores_line_ends_and_a_byte_order_mark),
	    cmocka_unit_test(digests_are_in_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
