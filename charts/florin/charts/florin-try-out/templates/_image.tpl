{{/* Public images, so without Florin's registry and tag. */}}
{{- define "florin.tryOutImage" -}}
{{- if .image.digest -}}{{ .image.repository }}@{{ .image.digest }}{{- else -}}{{ .image.repository }}:{{ .image.tag }}{{- end -}}
{{- end -}}
