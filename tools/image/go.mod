module github.com/kubevitals/kubevitals/tools/image

go 1.26.0
