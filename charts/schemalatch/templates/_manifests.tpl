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

{{/* The configuration, the contract and the list, as one ConfigMap. */}}
{{- define "schemalatch.configMap" -}}
{{- $values := .Values.schemalatch -}}
{{- if and $values.enabled (not $values.existingConfigMap) -}}
{{- include "schemalatch.problems" . -}}
{{- $annotations := ternary (dict "helm.sh/resource-policy" "keep") dict $values.keepConfigMap -}}
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
{{- if $values.keepConfigMap -}}{{- include "schemalatch.formerConfigMaps" . -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The ConfigMaps of the last three releases before, as they are in the cluster. Helm would leave them there by
their annotation alone, but many a version of it stops in a rollback at an object that is there and was not
in the release that is rolled back. Nothing where there is no cluster to look at, as in `helm template`.
*/}}
{{- define "schemalatch.formerConfigMaps" -}}
{{- $own := include "schemalatch.configMapName" . -}}
{{- $names := printf "^%s-[0-9a-f]{8}$" (include "schemalatch.fullname" . | trunc 54 | trimSuffix "-") -}}
{{- $former := dict -}}
{{- range (lookup "v1" "ConfigMap" .Release.Namespace "").items -}}
{{- $owner := get (.metadata.annotations | default dict) "meta.helm.sh/release-name" -}}
{{- if and (eq $owner $.Release.Name) (regexMatch $names .metadata.name) (ne .metadata.name $own) -}}
{{- $_ := set $former (printf "%s %s" .metadata.creationTimestamp .metadata.name) . -}}
{{- end -}}
{{- end -}}
{{- range $index, $key := keys $former | sortAlpha | reverse -}}
{{- if lt $index 3 -}}
{{- with index $former $key }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .metadata.name }}
  namespace: {{ .metadata.namespace }}
  labels:
    {{- .metadata.labels | toYaml | nindent 4 }}
  annotations:
    {{- omit .metadata.annotations "meta.helm.sh/release-name" "meta.helm.sh/release-namespace" | toYaml | nindent 4 }}
data:
  {{- .data | toYaml | nindent 2 }}
{{- end -}}
{{- end -}}
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
