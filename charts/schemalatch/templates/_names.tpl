{{/*
All templates are called with the root context of the application's chart; the values are those under
`schemalatch`.
*/}}

{{/* The name of what belongs to the gate of this release. */}}
{{- define "schemalatch.fullname" -}}
{{- $values := .Values.schemalatch -}}
{{- $values.fullnameOverride | default (printf "%s-schemalatch" .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* What the selectors of others may rely on. */}}
{{- define "schemalatch.selectorLabels" -}}
app.kubernetes.io/name: schemalatch
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "schemalatch.labels" -}}
{{- $own := include "schemalatch.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" (include "schemalatch.version" .) -}}
{{- $_ := set $own "app.kubernetes.io/component" "schema-gate" -}}
{{- $_ := set $own "app.kubernetes.io/part-of" .Chart.Name -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- merge $own .Values.schemalatch.commonLabels | toYaml -}}
{{- end -}}

{{/* The version of the program that this library was made for: the default of the image's tag. */}}
{{- define "schemalatch.version" -}}
{{- .Subcharts.schemalatch.Chart.AppVersion -}}
{{- end -}}

{{/* A digest wins over a tag: it names what is run, whatever the tag says by now. */}}
{{- define "schemalatch.image" -}}
{{- $image := .Values.schemalatch.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository ($image.tag | default (include "schemalatch.version" .)) -}}
{{- end -}}
{{- end -}}

{{- define "schemalatch.secretName" -}}
{{- tpl .Values.schemalatch.database.existingSecret . -}}
{{- end -}}

{{/*
The ConfigMap's name carries what a release asks for. Pods of the old release keep the old map, and are
not judged by what only the new one needs. What may change under running pods (mode, disabled, log, times,
thresholds) is not counted, so that it reaches them without a rollout.
*/}}
{{- define "schemalatch.configMapName" -}}
{{- if .Values.schemalatch.existingConfigMap -}}
{{- tpl .Values.schemalatch.existingConfigMap . -}}
{{- else -}}
{{- $config := include "schemalatch.config" . | fromJson -}}
{{- $asked := list (include "schemalatch.image" .) (include "schemalatch.contract" .) (include "schemalatch.list" .)
      (omit $config "mode" "disabled" "log" "databases" "upstreams") -}}
{{- range $config.databases -}}
{{- $asked = append $asked (omit . "period" "retryPeriod" "timeout" "holdFor" "keepConnection" "notify") -}}
{{- end -}}
{{- range $config.upstreams -}}
{{- $asked = append $asked (omit . "period" "retryPeriod" "timeout" "failureThreshold" "successThreshold" "initialDelay") -}}
{{- end -}}
{{- printf "%s-%s" (include "schemalatch.fullname" . | trunc 54 | trimSuffix "-") ($asked | toJson | sha256sum | trunc 8) -}}
{{- end -}}
{{- end -}}

{{- define "schemalatch.folder" -}}/etc/schemalatch{{- end -}}
{{- define "schemalatch.secretFolder" -}}/run/secrets/schemalatch{{- end -}}
{{- define "schemalatch.migrationsFolder" -}}/migrations{{- end -}}
{{- define "schemalatch.stateFolder" -}}/var/lib/schemalatch{{- end -}}
