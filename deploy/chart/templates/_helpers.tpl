{{/* Names of objects are those of the kustomize base: agents find each other by the
     names of Services, and runbooks call things by them. So there is one release in a
     cluster, as there are ClusterRoles of one name. */}}

{{/* kubevitals.labels are the labels of an object, for (dict "root" $ "name" NAME). */}}
{{- define "kubevitals.labels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* kubevitals.image is the name of the image. */}}
{{- define "kubevitals.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* kubevitals.pod is what the pod templates of all workloads have in common, for
     (dict "root" $ "name" NAME "values" VALUES): metadata, and the fields of the spec
     that values set. */}}
{{- define "kubevitals.pod" -}}
metadata:
  {{- with .values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  labels:
    app.kubernetes.io/name: {{ .name }}
    {{- with .values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ .name }}
  automountServiceAccountToken: true
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* kubevitals.objects are the objects of a generated file, for (dict "root" $ "file" PATH
     "labels" LABELS): in the namespace of the release, with its labels and those given. */}}
{{- define "kubevitals.objects" -}}
{{- $root := .root }}
{{- $labels := .labels | default dict }}
{{- range $text := splitList "\n---\n" ($root.Files.Get .file | required (printf "the chart lacks %s" .file)) }}
{{- $object := fromYaml $text }}
{{- with $object.Error }}{{ fail . }}{{ end }}
{{- with $object.metadata }}
{{- if eq (.namespace | default "") "kubevitals" }}
{{- $_ := set . "namespace" $root.Release.Namespace }}
{{- end }}
{{- range $object.subjects }}
{{- $_ := set . "namespace" $root.Release.Namespace }}
{{- end }}
{{- $own := include "kubevitals.labels" (dict "root" $root "name" (index .labels "app.kubernetes.io/name")) | fromYaml }}
{{- $_ := set . "labels" (merge (dict) $labels $own) }}
---
{{ toYaml $object }}
{{- end }}
{{- end }}
{{- end }}

{{/* kubevitals.makes is "true" if objects of a kind of the Prometheus Operator are to be
     made, for (dict "root" $ "kind" GROUP/VERSION/KIND). */}}
{{- define "kubevitals.makes" -}}
{{- $enabled := toString .root.Values.monitoring.enabled -}}
{{- if or (eq $enabled "true") (and (eq $enabled "auto") (.root.Capabilities.APIVersions.Has .kind)) -}}
true
{{- end -}}
{{- end }}

{{/* kubevitals.tls.mounts and kubevitals.tls.volumes are where a pod finds the certificate
     that it serves, if it is given one. */}}
{{- define "kubevitals.tls.mounts" -}}
{{- if .Values.tls.secretName -}}
- name: web
  mountPath: /etc/kubevitals
  readOnly: true
- name: tls
  mountPath: /etc/kubevitals-tls
  readOnly: true
{{- end }}
{{- end }}
{{- define "kubevitals.tls.volumes" -}}
{{- if .Values.tls.secretName -}}
- name: web
  configMap:
    name: kubevitals-web
- name: tls
  secret:
    secretName: {{ .Values.tls.secretName }}
{{- end }}
{{- end }}
