{{- define "florin.simulator.env" -}}
{{- $secret := include "florin.secret" (dict "root" . "name" .Values.secrets.existingSecret "value" "simulator.secrets.existingSecret" "holds" "the simulator's token, key and callback secret") -}}
{{ include "florin.env.process" . }}
{{ include "florin.env.environment" . }}
- {name: FLORIN_SIMULATOR_BOOK, value: /var/lib/florin/book.sqlite}
- {name: FLORIN_SIMULATOR_CALLBACK_URL, value: {{ include "florin.url" (dict "root" . "component" "payments" "port" 8080) }}/callbacks/simulator}
{{- range list "control-token" "terminal-key" "callback-secret" }}
- name: FLORIN_SIMULATOR_{{ . | replace "-" "_" | upper }}
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: simulator-{{ . }}}}
{{- end }}
{{- end -}}

{{- define "florin.simulator.egress" -}}
{{ include "florin.egress.components" (dict "root" . "components" (list "payments")) }}
{{- end -}}
