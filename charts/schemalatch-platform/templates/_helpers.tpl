{{- define "schemalatch-platform.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "schemalatch-platform.fullname" -}}
{{- $name := include "schemalatch-platform.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "schemalatch-platform.labels" -}}
{{- $own := dict
      "app.kubernetes.io/name" (include "schemalatch-platform.name" .)
      "app.kubernetes.io/instance" (.Release.Name | trunc 63 | trimSuffix "-")
      "app.kubernetes.io/version" .Chart.AppVersion
      "app.kubernetes.io/part-of" "schemalatch"
      "app.kubernetes.io/managed-by" .Release.Service
      "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- merge $own .Values.commonLabels | toYaml -}}
{{- end -}}

{{/* What every manifest begins with. Takes the root context, and labels and annotations of its own. */}}
{{- define "schemalatch-platform.metadata" -}}
name: {{ .name | default (include "schemalatch-platform.fullname" .root) }}
namespace: {{ .namespace | default .root.Release.Namespace }}
labels:
  {{- merge (include "schemalatch-platform.labels" .root | fromYaml) (.labels | default dict) | toYaml | nindent 2 }}
{{- with merge (deepCopy (.annotations | default dict)) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
