package hollow

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/kubernetes/pkg/kubelet/cm"
)

// capacity is a container manager that manages nothing, on a node with a disk: without
// one nothing is placed that asks for some of it.
type capacity struct{ cm.ContainerManager }

func (capacity) disk() v1.ResourceList {
	return v1.ResourceList{v1.ResourceEphemeralStorage: resource.MustParse("100Gi")}
}
