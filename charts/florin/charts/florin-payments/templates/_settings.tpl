{{- define "florin.payments.env" -}}
{{ include "florin.env" . }}
{{ include "florin.env.stored" . }}
- {name: FLORIN_DATABASE_CONNECTIONS, value: {{ .Values.database.connections | quote }}}
- {name: FLORIN_MERCHANTS_URL, value: {{ include "florin.url" (dict "root" . "component" "merchants" "port" 8081) }}}
- {name: FLORIN_NOTIFICATIONS_URL, value: {{ include "florin.url" (dict "root" . "component" "notifications" "port" 8082) }}}
{{- end -}}

{{- define "florin.payments.egress" -}}
{{ include "florin.egress.stored" . }}
{{ include "florin.egress.components" (dict "root" . "components" (list "merchants" "notifications" "simulator")) }}
{{ include "florin.egress.internet" (dict "root" . "ports" .Values.acquirerPorts) }}
{{- end -}}
