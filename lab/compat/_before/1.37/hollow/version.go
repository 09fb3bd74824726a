package hollow

import (
	cadvisorv1 "github.com/google/cadvisor/info/v1"
	cadvisorv2 "github.com/google/cadvisor/info/v2"
	v1 "k8s.io/api/core/v1"
)

// What the kubelet calls so before 1.37: see the file that this one stands for.

type (
	fsInfo             = cadvisorv2.FsInfo
	machineInfo        = cadvisorv1.MachineInfo
	versionInfo        = cadvisorv1.VersionInfo
	requestOptions     = cadvisorv2.RequestOptions
	containerInfo      = cadvisorv2.ContainerInfo
	requestedContainer = cadvisorv1.ContainerInfo
	containerSpec      = cadvisorv2.ContainerSpec
	containerStats     = cadvisorv2.ContainerStats
	cpuStats           = cadvisorv1.CpuStats
	cpuUsage           = cadvisorv1.CpuUsage
	memorySpec         = cadvisorv2.MemorySpec
	memoryStats        = cadvisorv1.MemoryStats
)

// MachineInfo implements cadvisor.Interface.
func (m *machine) MachineInfo() (*machineInfo, error) { return m.info(), nil }

// GetCapacity implements cm.ContainerManager.
func (c capacity) GetCapacity(bool) v1.ResourceList { return c.disk() }
