package hollow

import (
	cadvisorapi "github.com/google/cadvisor/lib/model"
	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

// What Kubernetes called otherwise before 1.37 is in this file; package compat has its
// form for those.

type (
	fsInfo             = cadvisorapi.FsInfo
	machineInfo        = cadvisorapi.MachineInfo
	versionInfo        = cadvisorapi.VersionInfo
	requestOptions     = cadvisorapi.RequestOptions
	containerInfo      = cadvisorapi.ContainerInfo
	requestedContainer = cadvisorapi.ContainerInfo
	containerSpec      = cadvisorapi.ContainerSpec
	containerStats     = cadvisorapi.ContainerStats
	cpuStats           = cadvisorapi.CpuStats
	cpuUsage           = cadvisorapi.CpuUsage
	memorySpec         = cadvisorapi.MemorySpec
	memoryStats        = cadvisorapi.MemoryStats
)

// MachineInfo implements cadvisor.Interface.
func (m *machine) MachineInfo(klog.Logger) (*machineInfo, error) { return m.info(), nil }

// GetCapacity implements cm.ContainerManager.
func (c capacity) GetCapacity(klog.Logger, bool) v1.ResourceList { return c.disk() }
