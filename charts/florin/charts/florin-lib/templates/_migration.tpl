{{/*
Brings a schema up to date, as an ordinary Job and not as a hook. Nothing waits for anything that waits for it: the
service's pods start at the same time and wait for the schema, an upgrade's old pods serve meanwhile, and a database that
is installed in the same release may come last.
Jobs cannot be changed, so the name tells what it runs. An upgrade that changes nothing of it leaves it at work, for hours
if need be; one that ended a day ago is made anew and finds nothing to do, as an older image does after a rollback.
An advisory lock in the database keeps two of them apart (`libs/florin/database/migrations.py`).
*/}}
{{- define "florin.migration" -}}
{{- if and (eq .Values.migrations.mode "start") .Values.migrations.user -}}
{{- fail (printf "\n\n%s.migrations.user: with the mode `start` the service itself changes tables, by its own account; take the mode `job`.\n" (include "florin.component" .)) -}}
{{- end -}}
{{- if eq .Values.migrations.mode "job" -}}
{{- $template := include "florin.migration.template" . -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ printf "%s-migrate-%s" (include "florin.fullname" .) ($template | sha256sum | trunc 8) }}
  labels: {{- include "florin.migration.labels" . | nindent 4 }}
spec:
  # The deadline alone ends it: there are no more attempts than seconds. What fails is mended while it tries.
  backoffLimit: {{ .Values.migrations.deadlineSeconds }}
  activeDeadlineSeconds: {{ .Values.migrations.deadlineSeconds }}
  ttlSecondsAfterFinished: 86400
  template: {{- $template | nindent 4 }}
{{- end -}}
{{- end -}}

{{- define "florin.migration.template" -}}
metadata:
  labels: {{- include "florin.migration.labels" . | nindent 4 }}
spec: {{- include "florin.migration.pod" . | nindent 2 }}
{{- end -}}

{{/* Not the service's own labels: no request may be sent here, and the network's rules differ. */}}
{{- define "florin.migration.labels" -}}
{{ include "florin.migration.selectorLabels" . }}
app.kubernetes.io/part-of: florin
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "florin.migration.selectorLabels" -}}
app.kubernetes.io/name: {{ include "florin.component" . }}-migrate
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: migrate
{{- end -}}

{{/* It has what `migrate` reads: where the database is. No token, no key and no Redis (MigrationSettings in florin.service). */}}
{{- define "florin.migration.pod" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- $tls := include "florin.files.tls" (dict "root" . "folder" "database") | fromYaml -}}
{{- include "florin.podBasics" . -}}
{{- print "\n" -}}
automountServiceAccountToken: false
restartPolicy: OnFailure
containers:
  - name: migrate
    image: {{ include "florin.image" (dict "root" . "image" .Values.image) | quote }}
    imagePullPolicy: {{ $global.image.pullPolicy }}
    args: [migrate]
    securityContext: {{- include "florin.containerSecurity" . | nindent 6 }}
    env:
      - {name: FLORIN_LOG_LEVEL, value: {{ $global.logLevel }}}
      {{- include "florin.env.database" (dict "root" . "migrating" true) | nindent 6 }}
      # Patient: the database may come up later than this, and another migration may be at work in it.
      - {name: FLORIN_MIGRATE_AT_START, value: "false"}
    resources: {{- toYaml .Values.migrations.resources | nindent 6 }}
    volumeMounts:
      - {name: tmp, mountPath: /tmp}
      {{- with $tls.mount }}
      - {{- toYaml . | nindent 8 }}
      {{- end }}
volumes:
  - {name: tmp, emptyDir: {sizeLimit: 64Mi}}
  {{- with $tls.volume }}
  - {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
