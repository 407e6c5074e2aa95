{{- define "florin.serviceMonitor" -}}
{{- $metrics := (include "florin.global" . | fromYaml).metrics -}}
{{- if $metrics.serviceMonitors -}}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: {{ include "florin.fullname" . }}
  labels:
    {{- include "florin.labels" . | nindent 4 }}
    {{- with $metrics.labels }}{{- toYaml . | nindent 4 }}{{- end }}
spec:
  selector:
    matchLabels: {{- include "florin.selectorLabels" . | nindent 6 }}
  endpoints:
    - {port: http, path: /metrics, interval: {{ $metrics.interval }}}
{{- end -}}
{{- end -}}

{{/* `helm test`: the Service leads to a pod that is ready. It runs in the component's own image and inside its rules. */}}
{{- define "florin.test" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "florin.fullname" . }}-test
  labels:
    app.kubernetes.io/name: {{ include "florin.component" . }}-test
    app.kubernetes.io/instance: {{ .Release.Name }}
    app.kubernetes.io/part-of: florin
    app.kubernetes.io/component: test
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  {{- include "florin.podBasics" . | nindent 2 }}
  automountServiceAccountToken: false
  restartPolicy: Never
  containers:
    - name: test
      image: {{ include "florin.image" (dict "root" . "image" .Values.image) | quote }}
      imagePullPolicy: {{ (include "florin.global" . | fromYaml).image.pullPolicy }}
      securityContext: {{- include "florin.containerSecurity" . | nindent 8 }}
      command:
        - python3
        - -c
        - |
          import sys, urllib.request
          with urllib.request.urlopen(sys.argv[1], timeout=10) as answer:
              print(answer.status, answer.read().decode())
        - http://{{ include "florin.fullname" . }}.{{ .Release.Namespace }}.svc:{{ .Values.service.port }}/health/ready
      resources:
        requests: {cpu: 20m, memory: 32Mi}
        limits: {memory: 128Mi}
{{- end -}}
