{{- define "florin.merchants.env" -}}
{{ include "florin.env" . }}
{{ include "florin.env.stored" . }}
{{ include "florin.env.trustedHosts" . }}
- {name: FLORIN_DATABASE_POOL_SIZE, value: {{ .Values.database.connections | quote }}}
{{- end -}}

{{- define "florin.merchants.egress" -}}
{{ include "florin.egress.stored" . }}
{{- end -}}
