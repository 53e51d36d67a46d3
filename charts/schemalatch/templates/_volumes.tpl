{{/* Whether files of the Secret are mounted: its keys, by name. */}}
{{- define "schemalatch.secretKeys" -}}
{{- $database := .Values.schemalatch.database -}}
{{- $keys := list -}}
{{- if $database.existingSecret -}}
{{- if and $database.urlKey (not $database.url) (not $database.env) -}}{{- $keys = append $keys $database.urlKey -}}{{- end -}}
{{- with $database.passwordKey -}}{{- $keys = append $keys . -}}{{- end -}}
{{- end -}}
{{- $keys | uniq | toJson -}}
{{- end -}}

{{/* Items for `volumes`. */}}
{{- define "schemalatch.volumes" -}}
{{- if .Values.schemalatch.enabled -}}
{{- $values := .Values.schemalatch -}}
- name: schemalatch-config
  configMap: {name: {{ include "schemalatch.configMapName" . }}}
{{- with include "schemalatch.secretKeys" . | fromJsonArray }}
- name: schemalatch-database
  secret:
    secretName: {{ include "schemalatch.secretName" $ }}
    # Readable for our own user, who owns nothing of it; nobody else is in the container.
    defaultMode: 0444
    items:
      {{- range . }}
      - {key: {{ . | quote }}, path: {{ . | quote }}}
      {{- end }}
{{- end }}
{{- if eq $values.migrations.source "image" }}
- name: schemalatch-migrations
  image: {reference: {{ tpl $values.migrations.image . | quote }}, pullPolicy: {{ $values.migrations.imagePullPolicy }}}
{{- else if eq $values.migrations.source "copy" }}
- name: schemalatch-migrations
  emptyDir: {}
{{- end }}
{{- if and $values.stateDirectory.enabled (eq $values.kind "sidecar") }}
- name: schemalatch-state
  emptyDir: {sizeLimit: {{ $values.stateDirectory.sizeLimit }}}
{{- end }}
{{- if $values.hideServiceAccountToken }}
- name: schemalatch-no-token
  emptyDir: {}
{{- end }}
{{- with $values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "schemalatch.volumeMounts" -}}
{{- $values := .Values.schemalatch -}}
- {name: schemalatch-config, mountPath: {{ include "schemalatch.folder" . }}, readOnly: true}
{{- if include "schemalatch.secretKeys" . | fromJsonArray }}
- {name: schemalatch-database, mountPath: {{ include "schemalatch.secretFolder" . }}, readOnly: true}
{{- end }}
{{- if has $values.migrations.source (list "image" "copy") }}
- {name: schemalatch-migrations, mountPath: {{ include "schemalatch.migrationsFolder" . }}, readOnly: true}
{{- end }}
{{- if and $values.stateDirectory.enabled (eq $values.kind "sidecar") }}
- {name: schemalatch-state, mountPath: {{ include "schemalatch.stateFolder" . }}}
{{- end }}
{{- if $values.hideServiceAccountToken }}
- {name: schemalatch-no-token, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
{{- end }}
{{- with $values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
