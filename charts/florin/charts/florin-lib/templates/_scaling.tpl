{{- define "florin.podDisruptionBudget" -}}
{{- $scaled := or .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- $least := ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled -}}
{{- if .Values.keda.enabled -}}{{- $least = .Values.keda.minReplicas -}}{{- end -}}
{{- /* With one replica a budget would keep nodes from being drained, and protect nothing. */ -}}
{{- if gt (int $least) 1 -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "florin.selectorLabels" . | nindent 6 }}
{{- end -}}
{{- end -}}

{{- define "florin.horizontalPodAutoscaler" -}}
{{- if and .Values.autoscaling.enabled .Values.keda.enabled -}}
{{- fail (printf "\n\n%s: autoscaling and keda both scale; enable one.\n" (include "florin.component" .)) -}}
{{- end -}}
{{- if .Values.autoscaling.enabled -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "florin.fullname" . }}}
  minReplicas: {{ .Values.autoscaling.minReplicas }}
  maxReplicas: {{ .Values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ .Values.autoscaling.cpuPercent }}}}
{{- end -}}
{{- end -}}

{{/* KEDA: by CPU and, where the service reads a stream, by the entries that its group has not read. The lag alone may
reach zero, so the least is one replica. */}}
{{- define "florin.scaledObject" -}}
{{- if .Values.keda.enabled -}}
{{- $authentication := include "florin.scaledObject.authentication" . | fromYamlArray -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {name: {{ include "florin.fullname" . }}}
  minReplicaCount: {{ .Values.keda.minReplicas }}
  maxReplicaCount: {{ .Values.keda.maxReplicas }}
  triggers:
    - type: cpu
      metricType: Utilization
      metadata: {value: {{ .Values.keda.cpuPercent | quote }}}
    {{- with .Values.keda.streams }}
    {{- $redis := (include "florin.global" $ | fromYaml).redis }}
    {{- /* KEDA is in another namespace, where a short name would mean another host. */}}
    {{- $host := include "florin.redis.host" $ }}
    {{- $host = ternary $host (printf "%s.%s" $host $.Release.Namespace) (regexMatch "[.:]" $host) }}
    {{- range $stream := .names }}
    {{- range $partition := until 8 }}
    - type: redis-streams
      metadata:
        address: {{ printf "%s:%v" $host $redis.port }}
        stream: {{ printf "florin:%s:%d" $stream $partition }}
        consumerGroup: {{ $.Values.keda.streams.group }}
        lagCount: {{ $.Values.keda.streams.lag | quote }}
        databaseIndex: {{ $redis.database | quote }}
        enableTLS: {{ $redis.tls.enabled | quote }}
        {{- with $redis.user }}
        username: {{ . | quote }}
        {{- end }}
      {{- if $authentication }}
      authenticationRef: {name: {{ include "florin.fullname" $ }}}
      {{- end }}
    {{- end }}
    {{- end }}
    {{- end }}
{{- if $authentication }}
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
spec:
  secretTargetRef: {{- toYaml $authentication | nindent 4 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* What KEDA shows to Redis, from the Secrets that the service has it from, as YAML; empty where nothing is asked of Redis. */}}
{{- define "florin.scaledObject.authentication" -}}
{{- $redis := (include "florin.global" . | fromYaml).redis -}}
{{- $asked := list -}}
{{- if .Values.keda.streams -}}
{{- with include "florin.redis.secret" . -}}
{{- $asked = append $asked (dict "parameter" "password" "name" . "key" $redis.passwordKey) -}}
{{- end -}}
{{- if and $redis.tls.enabled $redis.tls.caSecret -}}
{{- $asked = append $asked (dict "parameter" "ca" "name" $redis.tls.caSecret "key" $redis.tls.caKey) -}}
{{- end -}}
{{- if and $redis.tls.enabled $redis.tls.clientSecret -}}
{{- range $parameter, $key := dict "cert" "tls.crt" "key" "tls.key" -}}
{{- $asked = append $asked (dict "parameter" $parameter "name" $redis.tls.clientSecret "key" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $asked -}}
{{- end -}}
