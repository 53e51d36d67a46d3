{{/* The contract's text: given itself, or by a file of the application's chart. */}}
{{- define "schemalatch.contract" -}}
{{- $values := .Values.schemalatch -}}
{{- if $values.contractFile -}}{{- .Files.Get $values.contractFile -}}{{- else -}}{{- $values.contract -}}{{- end -}}
{{- end -}}

{{/* The list of expected migrations, likewise. */}}
{{- define "schemalatch.list" -}}
{{- $migrations := .Values.schemalatch.migrations -}}
{{- if eq $migrations.source "list" -}}
{{- if $migrations.listFile -}}{{- .Files.Get $migrations.listFile -}}{{- else -}}{{- $migrations.list -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Where the program finds a path of the application's image. An image volume holds all of it. A copy holds
what is below the path, or, with "/./" in it (as a changelog of Liquibase has it), what is below that.
Takes the source, the path, and where the path's own files are.
*/}}
{{- define "schemalatch.migrationsPath" -}}
{{- if eq .source "image" -}}
{{- printf "%s/%s" .folder (trimPrefix "/" .path) -}}
{{- else if eq .source "copy" -}}
{{- if contains "/./" .path -}}
{{- printf "%s/./%s" .folder (last (splitList "/./" .path)) -}}
{{- else -}}
{{- .folder -}}
{{- end -}}
{{- else -}}
{{- .path -}}
{{- end -}}
{{- end -}}

{{/* The `directory` of the check: a path, or a path a label. */}}
{{- define "schemalatch.migrationsDirectory" -}}
{{- $migrations := .Values.schemalatch.migrations -}}
{{- $folder := include "schemalatch.migrationsFolder" . -}}
{{- if $migrations.paths -}}
{{- $directories := dict -}}
{{- range $label, $path := $migrations.paths -}}
{{- $own := ternary (printf "%s/%s" $folder $label) $folder (eq $migrations.source "copy") -}}
{{- $_ := set $directories $label (include "schemalatch.migrationsPath" (dict "source" $migrations.source "path" $path "folder" $own)) -}}
{{- end -}}
{{- $directories | toJson -}}
{{- else -}}
{{- include "schemalatch.migrationsPath" (dict "source" $migrations.source "path" $migrations.path "folder" $folder) | toJson -}}
{{- end -}}
{{- end -}}

{{- define "schemalatch.migrationsCheck" -}}
{{- $migrations := .Values.schemalatch.migrations -}}
{{- $check := dict "kind" "migrations" "tool" $migrations.tool "rule" $migrations.rule -}}
{{- if eq $migrations.source "list" -}}
{{- $_ := set $check "list" (printf "%s/expected.list" (include "schemalatch.folder" .)) -}}
{{- else -}}
{{- $_ := set $check "directory" (include "schemalatch.migrationsDirectory" . | printf "[%s]" | fromJsonArray | first) -}}
{{- end -}}
{{- range $key := list "table" "tableSchema" "unknownRevision" -}}
{{- with index $migrations $key -}}{{- $_ := set $check $key . -}}{{- end -}}
{{- end -}}
{{- $check | toJson -}}
{{- end -}}

{{/* All checks of the database that the short values describe. */}}
{{- define "schemalatch.checks" -}}
{{- $values := .Values.schemalatch -}}
{{- $checks := list -}}
{{- with $values.tables -}}
{{- $checks = append $checks (dict "kind" "tables" "tables" .) -}}
{{- end -}}
{{- if or $values.contract $values.contractFile -}}
{{- $checks = append $checks (dict "kind" "contract" "file" (printf "%s/contract.json" (include "schemalatch.folder" .))) -}}
{{- end -}}
{{- if ne $values.migrations.source "none" -}}
{{- $checks = append $checks (include "schemalatch.migrationsCheck" . | fromJson) -}}
{{- end -}}
{{- concat $checks $values.checks | toJson -}}
{{- end -}}

{{- define "schemalatch.database" -}}
{{- $database := .Values.schemalatch.database -}}
{{- $entry := dict -}}
{{- range $key := list "name" "url" "schema" "role" "server" "notify" "period" "retryPeriod" "timeout" "holdFor" "keepConnection" -}}
{{- with index $database $key -}}{{- $_ := set $entry $key . -}}{{- end -}}
{{- end -}}
{{- if $database.existingSecret -}}
{{- range $file, $key := dict "urlFile" $database.urlKey "passwordFile" $database.passwordKey -}}
{{- if and $key (not (and (eq $file "urlFile") (or $database.url $database.env))) -}}
{{- $_ := set $entry $file (printf "%s/%s" (include "schemalatch.secretFolder" $) $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $entry "checks" (include "schemalatch.checks" . | fromJsonArray) -}}
{{- $entry | toJson -}}
{{- end -}}

{{/* The program's configuration file. What stands in `config` wins over the short values. */}}
{{- define "schemalatch.config" -}}
{{- $values := .Values.schemalatch -}}
{{- $config := dict "listen" (printf ":%d" (int $values.port)) "mode" $values.mode -}}
{{- with $values.disabled -}}{{- $_ := set $config "disabled" . -}}{{- end -}}
{{- if and $values.stateDirectory.enabled (eq $values.kind "sidecar") -}}
{{- $_ := set $config "stateDirectory" (include "schemalatch.stateFolder" .) -}}
{{- end -}}
{{- $database := include "schemalatch.database" . | fromJson -}}
{{- if $database.checks -}}{{- $_ := set $config "databases" (list $database) -}}{{- end -}}
{{- with $values.upstreams -}}{{- $_ := set $config "upstreams" . -}}{{- end -}}
{{- merge (deepCopy $values.config) $config | toJson -}}
{{- end -}}
