{{/*
The environment of a service. It is in the pod itself and not in a ConfigMap: pods of the release before keep what they
were started with while a rollout is under way.
*/}}
{{- define "florin.env" -}}
{{ include "florin.env.process" . }}
{{ include "florin.env.environment" . }}
{{ include "florin.env.token" (dict "root" . "token" "admin") }}
{{ include "florin.env.token" (dict "root" . "token" "internal") }}
{{- end -}}

{{/* One of the two tokens: the operator has no use for the services'. Takes (dict "root" $ "token" "admin"). */}}
{{- define "florin.env.token" -}}
{{- $tokens := (include "florin.global" .root | fromYaml).tokens -}}
{{- $secret := include "florin.secret" (dict "root" .root "name" $tokens.existingSecret "value" "global.florin.tokens.existingSecret" "holds" "the tokens `admin-token` and `internal-token`") -}}
- name: FLORIN_{{ upper .token }}_TOKEN
  valueFrom: {secretKeyRef: {name: {{ $secret }}, key: {{ get $tokens (printf "%sKey" .token) }}}}
{{- end -}}

{{/* For whoever judges by it: services, and the simulator. */}}
{{- define "florin.env.environment" -}}
- {name: FLORIN_ENVIRONMENT, value: {{ (include "florin.global" . | fromYaml).environment }}}
{{- end -}}

{{/* What a service with a schema has: database, streams, and where its schema is brought up to date. */}}
{{- define "florin.env.stored" -}}
{{ include "florin.env.database" (dict "root" . "migrating" false) }}
{{ include "florin.env.redis" . }}
- {name: FLORIN_MIGRATE_AT_START, value: {{ eq .Values.migrations.mode "start" | quote }}}
{{- if .Values.keyEncryption }}
- {name: FLORIN_KEY_FILE, value: /run/florin/keys/keys}
{{- end }}
{{- end -}}

{{/* What every process has, the simulator and the operator included. */}}
{{- define "florin.env.process" -}}
{{- $global := include "florin.global" . | fromYaml -}}
- {name: FLORIN_LOG_LEVEL, value: {{ $global.logLevel }}}
- {name: FLORIN_HOST, value: "0.0.0.0"}
- {name: FLORIN_PORT, value: {{ .Values.service.port | quote }}}
{{- if $global.traces.endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ $global.traces.endpoint | quote }}}
- {name: FLORIN_TRACE_RATIO, value: {{ $global.traces.ratio | quote }}}
{{- end }}
{{- range $name, $value := .Values.env }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end -}}

{{/* For services that judge where connectors and webhooks lead. */}}
{{- define "florin.env.trustedHosts" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- $hosts := $global.trustedHosts -}}
{{- if $global.tryOut -}}
{{- $name := printf "%s-simulator" (include "florin.prefix" .) -}}
{{- $namespaced := printf "%s.%s" $name .Release.Namespace -}}
{{- $hosts = concat $hosts (list $name $namespaced (printf "%s.svc" $namespaced) (printf "%s.svc.cluster.local" $namespaced)) -}}
{{- end -}}
{{- if $hosts -}}
- {name: FLORIN_TRUSTED_HOSTS, value: {{ $hosts | uniq | join "," | quote }}}
{{- end -}}
{{- end -}}

{{/*
Where the service's schema is. Takes (dict "root" $ "migrating" true): a migration may use an account of its own, so that
the service's needs no rights to change tables.
*/}}
{{- define "florin.env.database" -}}
{{- $global := include "florin.global" .root | fromYaml -}}
{{- $own := .root.Values.database -}}
{{- $other := and .migrating .root.Values.migrations.user -}}
{{- $user := ternary .root.Values.migrations.user $own.user (not (empty $other)) -}}
{{- $secret := ternary .root.Values.migrations.existingSecret $own.existingSecret (not (empty $other)) -}}
{{- $key := ternary .root.Values.migrations.passwordKey $own.passwordKey (not (empty $other)) -}}
{{- $host := $global.database.host -}}
{{- if and (not $host) $global.tryOut -}}
{{- $host = printf "%s-mariadb" (include "florin.prefix" .root) -}}
{{- end -}}
{{- if not $host -}}
{{- fail "\n\nSay where the database is: global.florin.database.host, or global.florin.tryOut=true to try Florin out with one that is brought along.\n" -}}
{{- end -}}
- name: FLORIN_DATABASE_URL
  value: {{ printf "mysql://%s@%s:%v/%s" $user $host $global.database.port $own.name | quote }}
- name: FLORIN_DATABASE_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "florin.secret" (dict "root" .root "name" $secret "value" (printf "%s.database.existingSecret" (include "florin.component" .root)) "holds" (printf "the database password of %s" $user)) }}, key: {{ $key }}}}
{{- include "florin.env.tls" (dict "prefix" "FLORIN_DATABASE" "folder" "database" "tls" $global.database.tls) }}
{{- if $global.database.tls.enabled }}
- {name: FLORIN_DATABASE_TLS, value: "true"}
{{- end }}
{{- end -}}

{{- define "florin.env.redis" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- $redis := $global.redis -}}
{{- $user := ternary (printf "%s@" $redis.user) "" (not (empty $redis.user)) -}}
- name: FLORIN_REDIS_URL
  value: {{ printf "%s://%s%s:%v/%v" (ternary "rediss" "redis" $redis.tls.enabled) $user (include "florin.redis.host" .) $redis.port $redis.database | quote }}
{{- with include "florin.redis.secret" . }}
- name: FLORIN_REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ . }}, key: {{ $redis.passwordKey }}}}
{{- end }}
{{- include "florin.env.tls" (dict "prefix" "FLORIN_REDIS" "folder" "redis" "tls" $redis.tls) }}
{{- end -}}

{{- define "florin.redis.host" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- if $global.redis.host -}}
{{ $global.redis.host }}
{{- else if $global.tryOut -}}
{{ include "florin.prefix" . }}-redis
{{- else -}}
{{- fail "\n\nSay where Redis is: global.florin.redis.host, or global.florin.tryOut=true to try Florin out with one that is brought along.\n" -}}
{{- end -}}
{{- end -}}

{{/* The Secret with Redis's password; empty where it asks for none. */}}
{{- define "florin.redis.secret" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- if $global.redis.existingSecret | or $global.tryOut -}}
{{- include "florin.secret" (dict "root" . "name" $global.redis.existingSecret "value" "global.florin.redis.existingSecret" "holds" "Redis's password") -}}
{{- end -}}
{{- end -}}

{{- define "florin.env.tls" -}}
{{- if and .tls.enabled .tls.caSecret }}
- {name: {{ .prefix }}_CA_FILE, value: /run/florin/tls/{{ .folder }}/ca.crt}
{{- end }}
{{- if and .tls.enabled .tls.clientSecret }}
- {name: {{ .prefix }}_CERT_FILE, value: /run/florin/tls/{{ .folder }}/tls.crt}
- {name: {{ .prefix }}_CERT_KEY_FILE, value: /run/florin/tls/{{ .folder }}/tls.key}
{{- end }}
{{- end -}}

{{/* The certificates for one server, as YAML {volume: ..., mount: ...}; empty without any. Takes (dict "root" $ "folder" "redis"). */}}
{{- define "florin.files.tls" -}}
{{- $tls := (get (include "florin.global" .root | fromYaml) .folder).tls -}}
{{- $sources := list -}}
{{- if and $tls.enabled $tls.caSecret -}}
{{- $sources = append $sources (dict "secret" (dict "name" $tls.caSecret "items" (list (dict "key" $tls.caKey "path" "ca.crt")))) -}}
{{- end -}}
{{- if and $tls.enabled $tls.clientSecret -}}
{{- $items := list (dict "key" "tls.crt" "path" "tls.crt") (dict "key" "tls.key" "path" "tls.key") -}}
{{- $sources = append $sources (dict "secret" (dict "name" $tls.clientSecret "items" $items)) -}}
{{- end -}}
{{- if $sources -}}
{{- $name := printf "tls-%s" .folder -}}
{{- $volume := dict "name" $name "projected" (dict "defaultMode" 288 "sources" $sources) -}}
{{- $mount := dict "name" $name "mountPath" (printf "/run/florin/tls/%s" .folder) "readOnly" true -}}
{{- dict "volume" $volume "mount" $mount | toYaml -}}
{{- end -}}
{{- end -}}

{{/* Files of a service: certificates, the keys where it seals, its data. As YAML {volumes: [...], mounts: [...]}. */}}
{{- define "florin.files" -}}
{{- $volumes := list (dict "name" "tmp" "emptyDir" (dict "sizeLimit" "64Mi")) -}}
{{- $mounts := list (dict "name" "tmp" "mountPath" "/tmp") -}}
{{- if .Values.database -}}
{{- range list "database" "redis" -}}
{{- with include "florin.files.tls" (dict "root" $ "folder" .) | fromYaml -}}
{{- $volumes = append $volumes .volume -}}
{{- $mounts = append $mounts .mount -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.keyEncryption -}}
{{- $secret := include "florin.secret" (dict "root" $ "name" .existingSecret "value" (printf "%s.keyEncryption.existingSecret" (include "florin.component" $)) "holds" "the key-encryption keys (lines of `version base64`, made by `openssl rand -base64 32`)") -}}
{{- $volumes = append $volumes (dict "name" "keys" "secret" (dict "secretName" $secret "defaultMode" 288 "items" (list (dict "key" .key "path" "keys")))) -}}
{{- $mounts = append $mounts (dict "name" "keys" "mountPath" "/run/florin/keys" "readOnly" true) -}}
{{- end -}}
{{- with .Values.persistence -}}
{{- $source := dict "emptyDir" (dict) -}}
{{- if .existingClaim -}}
{{- $source = dict "persistentVolumeClaim" (dict "claimName" .existingClaim) -}}
{{- end -}}
{{- $volumes = append $volumes (merge (dict "name" "data") $source) -}}
{{- $mounts = append $mounts (dict "name" "data" "mountPath" "/var/lib/florin") -}}
{{- end -}}
{{- dict "volumes" $volumes "mounts" $mounts | toYaml -}}
{{- end -}}

{{/*
Changes when a Secret that the service reads does, so that an upgrade starts it anew. Not a digest of the contents: a
short password could be guessed from it. Constant where no cluster is asked (`helm template`).
*/}}
{{- define "florin.secretVersions" -}}
{{- $global := include "florin.global" . | fromYaml -}}
{{- $names := list $global.tokens.existingSecret -}}
{{- if .Values.database -}}
{{- $names = concat $names (list .Values.database.existingSecret $global.redis.existingSecret) -}}
{{- range list $global.database.tls $global.redis.tls -}}
{{- $names = concat $names (list .caSecret .clientSecret) -}}
{{- end -}}
{{- end -}}
{{- $names = append $names (.Values.keyEncryption | default dict).existingSecret -}}
{{- $names = append $names (.Values.secrets | default dict).existingSecret -}}
{{- $versions := list -}}
{{- range $names | compact | uniq | sortAlpha -}}
{{- $found := lookup "v1" "Secret" $.Release.Namespace . | default dict -}}
{{- $versions = append $versions (printf "%s=%s" . (dig "metadata" "resourceVersion" "" $found)) -}}
{{- end -}}
{{- $versions | join "," | sha256sum | trunc 16 -}}
{{- end -}}
