{{/* The list for `initContainers`. Nothing where the gate is switched off. */}}
{{- define "schemalatch.initContainers" -}}
{{- if .Values.schemalatch.enabled -}}
{{- $containers := list -}}
{{- if eq .Values.schemalatch.migrations.source "copy" -}}
{{- $containers = append $containers (include "schemalatch.copy" .) -}}
{{- end -}}
{{- $containers = append $containers (include (ternary "schemalatch.sidecar" "schemalatch.wait" (eq .Values.schemalatch.kind "sidecar")) .) -}}
{{- join "\n" $containers | trim -}}
{{- end -}}
{{- end -}}

{{/* The native sidecar: one item of `initContainers`. What is listed after it waits for the schema. */}}
{{- define "schemalatch.sidecar" -}}
{{- include "schemalatch.problems" . -}}
{{- $values := .Values.schemalatch -}}
- name: schemalatch
  restartPolicy: Always
  {{- include "schemalatch.run" (dict "root" . "words" (list "serve")) | nindent 2 }}
  ports:
    - {name: latch, containerPort: {{ $values.port }}, protocol: TCP}
  {{- range $kind, $gate := dict "startup" "startup" "readiness" "ready" "liveness" "live" }}
  {{- include "schemalatch.probe" (dict "root" $ "kind" $kind "gate" $gate) | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The plain init container: blocks the pod until the schema is there, and goes. */}}
{{- define "schemalatch.wait" -}}
{{- include "schemalatch.problems" . -}}
{{- $words := list "wait" -}}
{{- with .Values.schemalatch.wait.timeout -}}{{- $words = concat $words (list "--timeout" .) -}}{{- end -}}
- name: schemalatch-wait
  {{- include "schemalatch.run" (dict "root" . "words" $words) | nindent 2 }}
{{- end -}}

{{/* What both have. Takes the root context, and the words of the command line. */}}
{{- define "schemalatch.run" -}}
{{- $values := .root.Values.schemalatch -}}
{{- $configArgs := list "--config" (printf "%s/schemalatch.json" (include "schemalatch.folder" .root)) -}}
image: {{ include "schemalatch.image" .root | quote }}
imagePullPolicy: {{ $values.image.pullPolicy }}
args: {{ concat .words $configArgs $values.extraArgs | toJson }}
{{- with include "schemalatch.env" .root | fromYamlArray }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationMessagePolicy: FallbackToLogsOnError
resources:
  {{- toYaml $values.resources | nindent 2 }}
securityContext:
  {{- toYaml $values.securityContext | nindent 2 }}
volumeMounts:
  {{- include "schemalatch.volumeMounts" .root | nindent 2 }}
{{- end -}}

{{/* A probe is httpGet or exec: only the output of the latter reaches the pod's events. */}}
{{- define "schemalatch.probe" -}}
{{- $values := .root.Values.schemalatch -}}
{{- $probe := index $values.probes .kind -}}
{{- $paths := dict "startup" "/startupz" "ready" "/readyz" "live" "/livez" -}}
{{- if $probe.enabled -}}
{{ .kind }}Probe:
  {{- if eq ($probe.type | default "httpGet") "exec" }}
  exec:
    command: {{ list "schemalatch" "probe" .gate "--config" (printf "%s/schemalatch.json" (include "schemalatch.folder" .root)) | toJson }}
  {{- else }}
  httpGet: {path: {{ index $paths .gate }}, port: {{ $values.port }}, scheme: HTTP}
  {{- end }}
  {{- range $key, $seconds := omit $probe "enabled" "type" }}
  {{ $key }}: {{ $seconds }}
  {{- end }}
{{- end -}}
{{- end -}}

{{- define "schemalatch.env" -}}
{{- $root := . -}}
{{- $env := list -}}
{{- range $name, $key := .Values.schemalatch.database.env -}}
{{- $env = append $env (dict "name" $name "valueFrom" (dict "secretKeyRef" (dict "name" (include "schemalatch.secretName" $root) "key" $key))) -}}
{{- end -}}
{{- concat $env .Values.schemalatch.extraEnv | toYaml -}}
{{- end -}}

{{/*
Init containers of the application's image that copy the migrations, for clusters without image volumes:
one for each path. `cp` is run without a shell; an image that has none is given another command.
*/}}
{{- define "schemalatch.copy" -}}
{{- $migrations := .Values.schemalatch.migrations -}}
{{- $paths := $migrations.paths | default (dict "" $migrations.path) -}}
{{- range $label, $path := $paths -}}
{{- $target := printf "%s%s" (include "schemalatch.migrationsFolder" $) (ternary (printf "/%s" $label) "" (ne $label "")) -}}
{{- $from := printf "%s/." (first (splitList "/./" $path) | trimSuffix "/") -}}
{{- $command := $migrations.copy.command | default (list "cp" "-R") }}
- name: schemalatch-copy{{ if $label }}-{{ $label | lower | replace "_" "-" | trunc 46 | trimSuffix "-" }}{{ end }}
  image: {{ tpl $migrations.image $ | quote }}
  imagePullPolicy: {{ $migrations.imagePullPolicy }}
  command: {{ concat $command (list $from (printf "%s/" $target)) | toJson }}
  resources:
    {{- toYaml $migrations.copy.resources | nindent 4 }}
  securityContext:
    {{- mergeOverwrite (deepCopy $.Values.schemalatch.securityContext) $migrations.copy.securityContext | toYaml | nindent 4 }}
  volumeMounts:
    - {name: schemalatch-migrations, mountPath: {{ $target }}{{ if $label }}, subPath: {{ $label }}{{ end }}}
    {{- if $.Values.schemalatch.hideServiceAccountToken }}
    - {name: schemalatch-no-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
    {{- end }}
{{- end -}}
{{- end -}}
