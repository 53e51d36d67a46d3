{{/* What both manifests have. */}}
{{- define "schemalatch.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- merge (include "schemalatch.labels" .root | fromYaml) .labels | toYaml | nindent 2 }}
{{- with merge (deepCopy .annotations) .root.Values.schemalatch.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
The configuration, the contract and the list, as one ConfigMap. A hook, so that it stays when the next release
has another one, and is written anew when Helm rolls back. (The resource policy "keep" would leave it as well, but
a rollback of most Helm versions stops at an object that is there and not the present release's.)
*/}}
{{- define "schemalatch.configMap" -}}
{{- $values := .Values.schemalatch -}}
{{- if and $values.enabled (not $values.existingConfigMap) -}}
{{- include "schemalatch.problems" . -}}
{{- $hook := dict "helm.sh/hook" "pre-install,pre-upgrade,pre-rollback" "helm.sh/hook-delete-policy" "before-hook-creation" "helm.sh/hook-weight" "-10" -}}
{{- $annotations := ternary $hook dict $values.keepConfigMap -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "schemalatch.metadata" (dict "root" . "name" (include "schemalatch.configMapName" .) "labels" dict "annotations" $annotations) | nindent 2 }}
data:
  schemalatch.json: |
    {{- include "schemalatch.config" . | fromJson | toPrettyJson | nindent 4 }}
  {{- with include "schemalatch.contract" . }}
  contract.json: |
    {{- trim . | nindent 4 }}
  {{- end }}
  {{- with include "schemalatch.list" . }}
  expected.list: |
    {{- trim . | nindent 4 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Scrapes the sidecar of every pod of the release, also while it still holds the others back. */}}
{{- define "schemalatch.podMonitor" -}}
{{- $values := .Values.schemalatch -}}
{{- $monitor := $values.podMonitor -}}
{{- if and $values.enabled $monitor.enabled -}}
{{- include "schemalatch.problems" . -}}
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  {{- include "schemalatch.metadata" (dict "root" . "name" (include "schemalatch.fullname" .) "labels" $monitor.labels "annotations" dict) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- tpl (toYaml ($monitor.matchLabels | default (dict "app.kubernetes.io/instance" .Release.Name))) . | nindent 6 }}
  podMetricsEndpoints:
    - port: latch
      path: /metrics
      interval: {{ $monitor.interval }}
      scrapeTimeout: {{ $monitor.scrapeTimeout }}
      {{- with $monitor.relabelings }}
      relabelings:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $monitor.metricRelabelings }}
      metricRelabelings:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}
{{- end -}}

{{/*
Annotations for the pod template. No checksum of the ConfigMap: the sidecar reads it again by itself, and
what must reach new pods only is in its name.
*/}}
{{- define "schemalatch.podAnnotations" -}}
{{- $values := .Values.schemalatch -}}
{{- if and $values.enabled $values.istio.excludeInboundPort (eq $values.kind "sidecar") -}}
traffic.sidecar.istio.io/excludeInboundPorts: {{ $values.port | quote }}
{{- end -}}
{{- end -}}
