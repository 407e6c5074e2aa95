{{- define "florin.notifications.env" -}}
{{ include "florin.env" . }}
{{ include "florin.env.stored" . }}
{{ include "florin.env.trustedHosts" . }}
- {name: FLORIN_DATABASE_POOL_SIZE, value: {{ .Values.database.connections | quote }}}
- {name: FLORIN_WEBHOOKS_PORTS, value: {{ .Values.webhookPorts | join "," | quote }}}
- {name: FLORIN_MERCHANTS_URL, value: {{ include "florin.url" (dict "root" . "component" "merchants" "port" 8081) }}}
{{- end -}}

{{- define "florin.notifications.egress" -}}
{{ include "florin.egress.stored" . }}
{{ include "florin.egress.components" (dict "root" . "components" (list "merchants" "simulator")) }}
{{ include "florin.egress.internet" (dict "root" . "ports" .Values.webhookPorts) }}
{{- end -}}
