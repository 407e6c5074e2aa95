{{/* The component of a chart: "payments" of florin-payments, also under its alias in the umbrella. */}}
{{- define "florin.component" -}}
{{- .Chart.Name | trimPrefix "florin-" -}}
{{- end -}}

{{/*
What a release's resources are named after: its own name, or of a long one as much as has room in the longest name that
may have 63 characters only, of the Job `...-notifications-migrate-00000000`. A digest tells apart what is cut off.
*/}}
{{- define "florin.prefix" -}}
{{- if le (len .Release.Name) 32 -}}
{{ .Release.Name }}
{{- else -}}
{{ .Release.Name | trunc 25 }}-{{ .Release.Name | sha256sum | trunc 6 }}
{{- end -}}
{{- end -}}

{{/* The name of a component's resources: the release and the component. */}}
{{- define "florin.fullname" -}}
{{ include "florin.prefix" . }}-{{ include "florin.component" . }}
{{- end -}}

{{/* What all charts share, with the library's defaults, which a chart that is installed alone finds below the library: a dict, by fromYaml. */}}
{{- define "florin.global" -}}
{{- (index .Values "florin-lib" | default .Values).global.florin | toYaml -}}
{{- end -}}

{{- define "florin.labels" -}}
{{ include "florin.selectorLabels" . }}
app.kubernetes.io/part-of: florin
app.kubernetes.io/version: {{ .Chart.AppVersion | default .Chart.Version | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "florin.selectorLabels" -}}
app.kubernetes.io/name: {{ include "florin.component" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ include "florin.component" . }}
{{- end -}}

{{/* The address of a component: of this release, or where `urls` says. Takes (dict "root" $ "component" "merchants" "port" 8081). */}}
{{- define "florin.url" -}}
{{- with get (include "florin.global" .root | fromYaml).urls .component -}}
{{ . | trimSuffix "/" }}
{{- else -}}
http://{{ include "florin.prefix" .root }}-{{ .component }}.{{ .root.Release.Namespace }}.svc:{{ .port }}
{{- end -}}
{{- end -}}

{{/* An image by digest where there is one, else by tag. Takes (dict "root" $ "image" $image). */}}
{{- define "florin.image" -}}
{{- $shared := (include "florin.global" .root | fromYaml).image -}}
{{- $name := compact (list $shared.registry .image.repository) | join "/" -}}
{{- if .image.digest -}}
{{ $name }}@{{ .image.digest }}
{{- else -}}
{{ $name }}:{{ .image.tag | default $shared.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/*
The name of a Secret that the installation must have. For trying out it is made, else it has to be named.
Takes (dict "root" $ "name" .Values.x.existingSecret "value" "x.existingSecret" "holds" "the tokens").
*/}}
{{- define "florin.secret" -}}
{{- $tryOut := (include "florin.global" .root | fromYaml).tryOut -}}
{{- if .name -}}
{{ .name }}
{{- else if $tryOut -}}
{{ include "florin.prefix" .root }}-try-out
{{- else -}}
{{- fail (printf "\n\n%s: name a Secret that holds %s in the value %q,\nor set global.florin.tryOut=true to try Florin out with made-up ones.\n" (include "florin.component" .root) .holds .value) -}}
{{- end -}}
{{- end -}}
