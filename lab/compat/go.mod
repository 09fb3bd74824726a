module github.com/kubevitals/kubevitals/lab/compat

go 1.26.0
