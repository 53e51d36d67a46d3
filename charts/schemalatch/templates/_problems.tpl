{{/*
What the schema of the values cannot see, because one value depends on another. All of it is told at
once, by the value's name, with what is expected.
*/}}
{{- define "schemalatch.problems" -}}
{{- $values := .Values.schemalatch -}}
{{- $database := $values.database -}}
{{- $migrations := $values.migrations -}}
{{- $fromApp := has $migrations.source (list "image" "copy") -}}
{{- $problems := list -}}
{{- if not $values.existingConfigMap -}}
{{- $config := include "schemalatch.config" . | fromJson -}}
{{- $checks := include "schemalatch.checks" . | fromJsonArray -}}
{{- if not (or $config.databases $config.upstreams) -}}
{{- $problems = append $problems "nothing is checked: expected at least one of schemalatch.tables, .contract, .contractFile, .migrations, .checks, .upstreams or .config.databases" -}}
{{- end -}}
{{- if and $checks $values.config.databases -}}
{{- $problems = append $problems "schemalatch.config.databases takes the place of schemalatch.tables, .contract, .contractFile, .migrations and .checks: expected one or the other" -}}
{{- end -}}
{{- if and $checks (not $database.existingSecret) (not $database.url) (not $database.env) -}}
{{- $problems = append $problems "schemalatch.database.existingSecret is empty: expected the name of a Secret with the database URL under schemalatch.database.urlKey, or schemalatch.database.url" -}}
{{- end -}}
{{- if and $values.contract $values.contractFile -}}
{{- $problems = append $problems "schemalatch.contract and schemalatch.contractFile are both given: expected one" -}}
{{- end -}}
{{- if and $values.contractFile (not (include "schemalatch.contract" .)) -}}
{{- $problems = append $problems (printf "schemalatch.contractFile: %q is empty or no file of the chart %s: expected a path within the chart" $values.contractFile .Chart.Name) -}}
{{- end -}}
{{- with include "schemalatch.contract" . -}}
{{- if not (hasKey (fromJson .) "schemalatch") -}}
{{- $problems = append $problems "schemalatch.contract (or contractFile): expected a JSON object with the key \"schemalatch\", as `schemalatch capture` writes it" -}}
{{- end -}}
{{- end -}}
{{- if and $migrations.list $migrations.listFile -}}
{{- $problems = append $problems "schemalatch.migrations.list and schemalatch.migrations.listFile are both given: expected one" -}}
{{- end -}}
{{- if and (eq $migrations.source "list") (not (include "schemalatch.list" .)) (not (and $migrations.list $migrations.listFile)) -}}
{{- $problems = append $problems "schemalatch.migrations.list is empty: expected the migrations' ids, one a line, as `schemalatch manifest` writes them, or in schemalatch.migrations.listFile a file of the chart that holds them" -}}
{{- end -}}
{{- end -}}
{{- if and (ne $migrations.source "list") (or $migrations.list $migrations.listFile) -}}
{{- $problems = append $problems (printf "schemalatch.migrations.list is given, but schemalatch.migrations.source is %q: expected \"list\"" $migrations.source) -}}
{{- end -}}
{{- if and (ne $migrations.source "none") (not $migrations.tool) -}}
{{- $problems = append $problems "schemalatch.migrations.tool is empty: expected the migration tool, such as alembic" -}}
{{- end -}}
{{- if and (eq $migrations.source "none") (or $migrations.tool $migrations.path $migrations.paths $migrations.image) -}}
{{- $problems = append $problems "schemalatch.migrations.source is \"none\", but other values of schemalatch.migrations are given: expected image, copy, list or volume" -}}
{{- end -}}
{{- if and (has $migrations.source (list "image" "copy" "volume")) (not $migrations.path) (not $migrations.paths) -}}
{{- $problems = append $problems (printf "schemalatch.migrations.path is empty: expected the migrations' directory in the %s (or, for Django, schemalatch.migrations.paths)" (ternary "image" "container" $fromApp)) -}}
{{- end -}}
{{- if and $migrations.path $migrations.paths -}}
{{- $problems = append $problems "schemalatch.migrations.path and schemalatch.migrations.paths are both given: expected one" -}}
{{- end -}}
{{- if and $fromApp (not $migrations.image) -}}
{{- $problems = append $problems "schemalatch.migrations.image is empty: expected the application's image, which holds the migrations" -}}
{{- end -}}
{{- if and (eq $migrations.source "image") (semverCompare "<1.33.0-0" .Capabilities.KubeVersion.Version) -}}
{{- $problems = append $problems (printf "schemalatch.migrations.source: \"image\" needs image volumes, which Kubernetes %s does not have: expected 1.33 or newer (on by default from 1.35), or copy or list" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if and $database.env (not $database.existingSecret) -}}
{{- $problems = append $problems "schemalatch.database.env names keys of a Secret, but schemalatch.database.existingSecret is empty: expected the Secret's name" -}}
{{- end -}}
{{- if and $database.url $database.env -}}
{{- $problems = append $problems "schemalatch.database.url and schemalatch.database.env are both given: expected one" -}}
{{- end -}}
{{- if and $database.existingSecret $database.url (not $database.passwordKey) (not $database.env) -}}
{{- $problems = append $problems "schemalatch.database.url is given, and nothing of schemalatch.database.existingSecret is used: expected schemalatch.database.passwordKey, or only one of the two" -}}
{{- end -}}
{{- if eq $values.kind "init" -}}
{{- if $values.podMonitor.enabled -}}
{{- $problems = append $problems "schemalatch.podMonitor.enabled: an init container that waits and goes cannot be scraped: expected schemalatch.kind \"sidecar\"" -}}
{{- end -}}
{{- else if $values.wait.timeout -}}
{{- $problems = append $problems "schemalatch.wait.timeout is given, but schemalatch.kind is \"sidecar\": expected \"init\" (the sidecar's limit is schemalatch.probes.startup.failureThreshold)" -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n\n%s\n" (prepend $problems "The values of the schema gate do not fit together:" | join "\n  - ")) -}}
{{- end -}}
{{- end -}}
