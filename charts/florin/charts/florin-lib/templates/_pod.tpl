{{/* A pod that the Pod Security Standard "restricted" admits. */}}
{{- define "florin.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "florin.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* What the pods of services, migrations and tests have in common. */}}
{{- define "florin.podBasics" -}}
serviceAccountName: {{ include "florin.fullname" . }}
enableServiceLinks: false
securityContext:
  {{- include "florin.podSecurity" . | nindent 2 }}
{{- include "florin.podPlace" . }}
{{- end -}}

{{/* Where a pod's image comes from and on which nodes it may be: of servers for trying out, too. */}}
{{- define "florin.podPlace" -}}
{{- with (include "florin.global" . | fromYaml).image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "florin.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
automountServiceAccountToken: false
{{- end -}}

{{/*
A service's Deployment. Its chart defines "florin.<component>.env", the settings of its own.
preStop: the pod keeps serving while the cluster takes it out of its load balancers; only then it is told to stop. What
it has under way then may take `stopSeconds`; the sum of both is less than the grace period, which ends in a kill.
*/}}
{{- define "florin.deployment" -}}
{{- $component := include "florin.component" . -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- $files := include "florin.files" . | fromYaml -}}
{{- $single := not (hasKey .Values "replicas") -}}
{{- $env := include (printf "florin.%s.env" $component) . -}}
{{- /* Of two entries of one name the last would win, and the value would do nothing. */ -}}
{{- range $name, $_ := .Values.env -}}
{{- if gt (len (regexFindAll (printf `name: %s\b` $name) $env -1)) 1 -}}
{{- fail (printf "\n\n%s.env: the chart sets %s itself, from a value of its own; see the chart's README.\n" $component $name) -}}
{{- end -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
spec:
  {{- if $single }}
  replicas: 1
  {{- else if not (or .Values.autoscaling.enabled .Values.keda.enabled) }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    {{- if $single }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
    {{- end }}
  selector:
    matchLabels: {{- include "florin.selectorLabels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "florin.labels" . | nindent 8 }}
        {{- with .Values.podLabels }}{{- toYaml . | nindent 8 }}{{- end }}
      annotations:
        checksum/secrets: {{ include "florin.secretVersions" . }}
        {{- with .Values.podAnnotations }}{{- toYaml . | nindent 8 }}{{- end }}
    spec:
      {{- include "florin.podBasics" . | nindent 6 }}
      automountServiceAccountToken: {{ eq $component "operator" }}
      terminationGracePeriodSeconds: {{ add .Values.drainSeconds .Values.stopSeconds 5 }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "florin.selectorLabels" $ | nindent 14 }}
        {{- end }}
      {{- with .Values.affinity }}
      affinity: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ $component }}
          image: {{ include "florin.image" (dict "root" . "image" .Values.image) | quote }}
          imagePullPolicy: {{ $global.image.pullPolicy }}
          securityContext: {{- include "florin.containerSecurity" . | nindent 12 }}
          env: {{- $env | nindent 12 }}
          ports:
            - {name: http, containerPort: {{ .Values.service.port }}}
          {{- include "florin.probes" . | nindent 10 }}
          {{- if .Values.drainSeconds }}
          lifecycle:
            preStop:
              sleep: {seconds: {{ .Values.drainSeconds }}}
          {{- end }}
          resources: {{- toYaml .Values.resources | nindent 12 }}
          volumeMounts: {{- toYaml $files.mounts | nindent 12 }}
      volumes: {{- toYaml $files.volumes | nindent 8 }}
{{- end -}}

{{/* Three questions: has it begun (the schema may have to be waited for), does its loop turn, may it have requests.
The second does not ask the database: restarting a service mends no database. */}}
{{- define "florin.probes" -}}
startupProbe:
  httpGet: {path: /health/live, port: http}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: {{ div .Values.startupSeconds 2 }}
livenessProbe:
  httpGet: {path: /health/live, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /health/ready, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end -}}
