{{- define "florin.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
  {{- with .Values.service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .Values.service.type }}
  selector: {{- include "florin.selectorLabels" . | nindent 4 }}
  ports:
    - {name: http, port: {{ .Values.service.port }}, targetPort: http, appProtocol: http}
{{- end -}}

{{/* Only the paths for merchants and acquirers are let in from outside: never /admin, /internal, /metrics. */}}
{{- define "florin.ingress" -}}
{{- if .Values.ingress.enabled -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
  {{- with .Values.ingress.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with .Values.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  rules:
    - host: {{ required (printf "\n\n%s.ingress.host: say under which name.\n" (include "florin.component" .)) .Values.ingress.host }}
      http:
        paths:
          {{- range .Values.publicPaths }}
          - path: {{ . }}
            pathType: Prefix
            backend: {service: {name: {{ include "florin.fullname" $ }}, port: {name: http}}}
          {{- end }}
  {{- with .Values.ingress.tlsSecret }}
  tls:
    - {hosts: [{{ $.Values.ingress.host }}], secretName: {{ . }}}
  {{- end }}
{{- end -}}
{{- end -}}

{{- define "florin.httpRoute" -}}
{{- if .Values.httpRoute.enabled -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
spec:
  parentRefs: {{- toYaml .Values.httpRoute.parentRefs | nindent 4 }}
  {{- with .Values.httpRoute.hostnames }}
  hostnames: {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        {{- range .Values.publicPaths }}
        - path: {type: PathPrefix, value: {{ . }}}
        {{- end }}
      backendRefs:
        - {name: {{ include "florin.fullname" . }}, port: {{ .Values.service.port }}}
{{- end -}}
{{- end -}}

{{/*
Two policies: of the service, and of its migration. What they do not name is denied, both ways.
The chart defines "florin.<component>.egress" (a list of rules) and names who may come in, in `networkPolicy.from`.
*/}}
{{- define "florin.networkPolicies" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- if $global.networkPolicies.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "florin.fullname" . }}
  labels: {{- include "florin.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "florin.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - ports: [{port: http}]
      from:
        - podSelector:
            matchLabels: {app.kubernetes.io/part-of: florin, app.kubernetes.io/instance: {{ .Release.Name }}}
        {{- with concat .Values.networkPolicy.from (.Values.networkPolicy.apiServerFrom | default list) $global.networkPolicies.metricsFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  egress:
    {{- include "florin.egress.everybody" . | nindent 4 }}
    {{- include (printf "florin.%s.egress" (include "florin.component" .)) . | nindent 4 }}
    {{- if $global.traces.endpoint }}
    {{- include "florin.egress.url" $global.traces.endpoint | nindent 4 }}
    {{- end }}
    {{- with .Values.networkPolicy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- if eq "job" ((.Values.migrations | default dict).mode | default "") }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "florin.fullname" . }}-migrate
  labels: {{- include "florin.migration.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "florin.migration.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "florin.egress.everybody" . | nindent 4 }}
    {{- include "florin.egress.database" . | nindent 4 }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Where every pod may go: services, migrations and tests. */}}
{{- define "florin.egress.everybody" -}}
{{- $policies := (include "florin.global" . | fromYaml).networkPolicies -}}
- ports:
    {{- range $policies.dnsPorts }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with $policies.dnsTo }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- with $policies.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "florin.egress.database" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- include "florin.egress.server" (dict "root" . "server" "mariadb" "brought" (not $global.database.host) "port" $global.database.port "to" $global.networkPolicies.databaseTo) -}}
{{- end -}}

{{- define "florin.egress.redis" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- include "florin.egress.server" (dict "root" . "server" "redis" "brought" (not $global.redis.host) "port" $global.redis.port "to" $global.networkPolicies.redisTo) -}}
{{- end -}}

{{- define "florin.egress.stored" -}}
{{ include "florin.egress.database" . }}
{{ include "florin.egress.redis" . }}
{{- end -}}

{{- define "florin.egress.server" -}}
- ports: [{port: {{ .port }}}]
  {{- if .brought }}
  to: [{podSelector: {matchLabels: {app.kubernetes.io/name: {{ .server }}, app.kubernetes.io/instance: {{ .root.Release.Name }}}}}]
  {{- else if .to }}
  to: {{- toYaml .to | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* Components of this release, or the port of where `urls` says. Takes (dict "root" $ "components" (list "merchants")). */}}
{{- define "florin.egress.components" -}}
{{- $urls := (include "florin.global" .root | fromYaml).urls -}}
{{- range .components }}
{{- with get $urls . }}
{{ include "florin.egress.url" . }}
{{- else }}
- to: [{podSelector: {matchLabels: {app.kubernetes.io/name: {{ . }}, app.kubernetes.io/instance: {{ $.root.Release.Name }}}}}]
{{- end }}
{{- end }}
{{- end -}}

{{/* The port of a URL, wherever its host is: that has no pods that could be named. */}}
{{- define "florin.egress.url" -}}
{{- $url := urlParse . -}}
- ports: [{port: {{ regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (ternary "443" "80" (eq $url.scheme "https")) }}}]
{{- end -}}

{{/* The internet and nothing of ours. Takes (dict "root" $ "ports" (list 443)). */}}
{{- define "florin.egress.internet" -}}
- ports:
    {{- range .ports }}
    - port: {{ . }}
    {{- end }}
  to:
    - ipBlock: {cidr: 0.0.0.0/0, except: {{ (include "florin.global" .root | fromYaml).networkPolicies.privateNetworks | toJson }}}
    - ipBlock: {cidr: "::/0", except: ["fc00::/7", "fe80::/10"]}
{{- end -}}
