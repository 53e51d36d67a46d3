{{- define "example.name" -}}
{{- .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "example.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "example.selectorLabels" -}}
app.kubernetes.io/name: {{ include "example.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "example.labels" -}}
{{ include "example.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The row of the matrix in values.yaml that is in force. */}}
{{- define "example.environment" -}}
{{- index .Values.environments .Values.environment | toYaml }}
{{- end }}

{{/* Two images of one release: the service's has no Alembic, the migrations' has. */}}
{{- define "example.image.service" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "example.image.migrations" -}}
{{ .Values.image.repository }}-migrations:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* Pod Security level "restricted": the pod's part and each container's. */}}
{{- define "example.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "example.securityContext" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end }}

{{/* A database URL as a file: what is mounted is read anew at each connect, so that a rotated
     password needs no restart. An environment variable would. */}}
{{- define "example.databaseEnv" -}}
- {name: DATABASE_URL_FILE, value: /run/secrets/example/url}
{{- end }}

{{- define "example.databaseMount" -}}
- {name: database, mountPath: /run/secrets/example, readOnly: true}
{{- end }}

{{/* What Istio must leave alone, so that gate and mesh do not wait for each other: see values.yaml. */}}
{{- define "example.istioAnnotations" -}}
{{- if eq .Values.istio "native" -}}
sidecar.istio.io/nativeSidecar: "true"
{{- else if eq .Values.istio "classic" -}}
traffic.sidecar.istio.io/excludeOutboundPorts: {{ .Values.database.port | quote }}
proxy.istio.io/config: '{"holdApplicationUntilProxyStarts": true}'
{{- end }}
{{- end }}

{{- define "example.podAnnotations" -}}
{{ include "example.istioAnnotations" . }}
{{ include "example.gate" (dict "root" . "template" "schemalatch.podAnnotations") }}
{{- end }}

{{/*
A template of the library, with the environment's mode laid over the gate's values. `schemalatch.mode:
observe` wins everywhere: it is a lever for the night. Takes the root context and the template's name.
*/}}
{{- define "example.gate" -}}
{{- $mode := (include "example.environment" .root | fromYaml).mode -}}
{{- $gate := deepCopy .root.Values.schemalatch -}}
{{- if ne $gate.mode "observe" -}}{{- $_ := set $gate "mode" $mode -}}{{- end -}}
{{- if eq .root.Values.istio "classic" -}}
{{- range $kind := list "startup" "readiness" -}}{{- $_ := set (index $gate.probes $kind) "type" "exec" -}}{{- end -}}
{{- end -}}
{{- $values := set (deepCopy .root.Values) "schemalatch" $gate -}}
{{- include .template (merge (dict "Values" $values) .root) -}}
{{- end }}

{{/* What the schema of the values cannot see. */}}
{{- define "example.problems" -}}
{{- $probe := .Values.schemalatch.probes.startup -}}
{{- $budget := mul $probe.failureThreshold $probe.periodSeconds -}}
{{- if le (int .Values.progressDeadlineSeconds) (int $budget) -}}
{{- fail (printf "progressDeadlineSeconds: %d does not outlast the startup probe (failureThreshold x periodSeconds = %d s): the Deployment would give up on a migration that the gate still waits for" (int .Values.progressDeadlineSeconds) (int $budget)) -}}
{{- end -}}
{{- end }}
