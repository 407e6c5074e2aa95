{{- define "florin.operator.namespaces" -}}
{{- .Values.namespaces | default (list .Release.Namespace) | join "," -}}
{{- end -}}

{{- define "florin.operator.env" -}}
{{ include "florin.env.process" . }}
{{ include "florin.env.token" (dict "root" . "token" "admin") }}
- name: FLORIN_MERCHANTS_URL
  value: {{ .Values.merchantsUrl | default (include "florin.url" (dict "root" . "component" "merchants" "port" 8081)) }}
- {name: FLORIN_NAMESPACES, value: {{ include "florin.operator.namespaces" . | quote }}}
- {name: FLORIN_CLUSTER, value: {{ .Values.cluster | quote }}}
{{- end -}}

{{- define "florin.operator.egress" -}}
{{- with .Values.merchantsUrl }}
{{- include "florin.egress.url" . }}
{{- else }}
{{- include "florin.egress.components" (dict "root" . "components" (list "merchants")) }}
{{- end }}
# The API server has addresses of its own and no pods that could be named.
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - port: {{ . }}
    {{- end }}
{{- end -}}
