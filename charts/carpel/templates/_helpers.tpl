{{/* Name of all objects. */}}
{{- define "carpel.name" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains .Chart.Name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Name of objects that belong to no namespace: two releases must not share them. */}}
{{- define "carpel.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "carpel.name" .) }}
{{- end }}

{{- define "carpel.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "carpel.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "carpel.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "carpel.serviceAccount" -}}
{{- if .Values.serviceAccount.name }}
{{- .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create }}
{{- include "carpel.name" . }}
{{- else }}
{{- fail "serviceAccount.name: has to be given when serviceAccount.create is false" }}
{{- end }}
{{- end }}

{{- define "carpel.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* Where the API server is, for pods that cannot use the service. */}}
{{- define "carpel.apiServerEnv" -}}
{{- with .Values.apiServer }}
{{- if .host }}
- name: KUBERNETES_SERVICE_HOST
  value: {{ .host | quote }}
- name: KUBERNETES_SERVICE_PORT
  value: {{ .port | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Which pod this is, and where. */}}
{{- define "carpel.podEnv" -}}
- name: NODE_NAME
  valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
{{- include "carpel.apiServerEnv" . }}
{{- end }}

{{/*
The configuration as TOML. Strings, numbers and lists of JSON are such of TOML too. What stands on top
comes first, since a table has no end but the next one.
*/}}
{{- define "carpel.configToml" -}}
# Written by the chart {{ .Chart.Name }} {{ .Chart.Version }}, from its values.
{{- range $key, $value := .Values.config }}
{{- if not (kindIs "map" $value) }}
{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{- range $table, $keys := .Values.config }}
{{- if and (kindIs "map" $keys) (ne $table "handlers") }}

[{{ $table }}]
{{- range $key, $value := $keys }}
{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $keys := .Values.config.handlers }}

[handlers.{{ $name }}]
{{- range $key, $value := $keys }}
{{ $key }} = {{ toJson $value }}
{{- end }}
{{- end }}
{{ end }}

{{/* Name of the RuntimeClass of a handler: list of the root and the handler's name. */}}
{{- define "carpel.runtimeClassName" -}}
{{- $own := index (get (index . 0).Values.runtimeClass.byHandler (index . 1) | default dict) "name" }}
{{- if $own }}
{{- $own }}
{{- else if eq (index . 1) "carpel" }}
{{- index . 1 }}
{{- else }}
{{- printf "carpel-%s" (index . 1) }}
{{- end }}
{{- end }}

{{/* The options of a switch that the installer and the uninstaller share. */}}
{{- define "carpel.kubeletArgs" -}}
- --drain-timeout={{ .Values.switch.drainTimeoutSeconds | int }}
- --ready-timeout={{ .Values.switch.readyTimeoutSeconds | int }}
- --kubelet-config={{ .Values.switch.kubeletConfig }}
{{- range .Values.switch.kubeletCommand }}
- --kubelet-command={{ . }}
{{- end }}
{{- end }}

{{/* How the agent is started and stopped, for the installer and the uninstaller. */}}
{{- define "carpel.serviceArgs" -}}
{{- range .Values.installer.serviceCommand }}
- --service-command={{ . }}
{{- end }}
{{- end }}

{{- define "carpel.installArgs" -}}
- node
- install
- --node=$(NODE_NAME)
- --host-root=/host
{{- include "carpel.serviceArgs" . }}
- --config=/etc/carpel-chart/config.toml
- --start-timeout={{ .Values.installer.startTimeoutSeconds | int }}
- --watch
- --interval={{ .Values.installer.intervalSeconds | int }}
- --ready-file=/run/carpel-node/ready
{{- if .Values.switch.enabled }}
- --switch-selector={{ .Values.switch.nodeLabel }}
{{ include "carpel.kubeletArgs" . }}
{{- end }}
{{- end }}

{{- define "carpel.uninstallArgs" -}}
- node
- uninstall
- --node=$(NODE_NAME)
- --host-root=/host
{{- include "carpel.serviceArgs" . }}
- --rollback
- --force
{{ include "carpel.kubeletArgs" . }}
{{- end }}

{{/*
What turns the installers into uninstallers, as a JSON patch of their DaemonSet. A DaemonSet starts a
node's new pod only after the old one is gone, so no node ever has both. The label is the first thing
that an installer writes and the last that an uninstaller removes: nodes that the selection has lost
since are reached too, and the pod leaves with the label.
*/}}
{{- define "carpel.uninstallPatch" -}}
- op: add
  path: /spec/updateStrategy
  value: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 100%, maxSurge: 0}}
- op: add
  path: /spec/template/spec/nodeSelector
  value: {}
- op: add
  path: /spec/template/spec/tolerations
  value: [{operator: Exists}]
- op: add
  path: /spec/template/spec/affinity
  value:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions: [{key: carpel.io/installed, operator: Exists}]
# Not removed: what has gone cannot be removed again, and this may be done twice.
- op: add
  path: /spec/template/spec/containers/0/readinessProbe
  value: null
- op: add
  path: /spec/template/spec/containers/0/args
  value:
    {{- include "carpel.uninstallArgs" . | nindent 4 }}
{{- end }}
