package collectors

// Privilege is something of the node that an agent is given and other pods are not: a
// namespace, a capability, a user, a profile, or a folder to read, as manifests name it.
type Privilege string

// The privileges of agents on nodes.
const (
	HostNetwork   Privilege = "hostNetwork"
	HostPID       Privilege = "hostPID"
	SysPtrace     Privilege = "SYS_PTRACE"
	DACReadSearch Privilege = "DAC_READ_SEARCH"
	RootUser      Privilege = "runAsUser: 0"
	Unconfined    Privilege = "Unconfined, spc_t"
	RuntimeSocket Privilege = "/run"
	HostProc      Privilege = "/proc"
	HostCgroups   Privilege = "/sys/fs/cgroup"
	HostDisks     Privilege = "/var/lib"
	HostLogs      Privilege = "/var/log"
	HostUnits     Privilege = "/etc/systemd"
)

// PrivilegeNote says what a privilege is for.
type PrivilegeNote struct {
	Privilege Privilege
	// What is its kind, Why what it shows, and Without what is lost where it is not given.
	What, Why, Without string
}

// Privileges are all that definitions may name, in the order of the documents.
func Privileges() []PrivilegeNote {
	const folder = "folder to read"
	return []PrivilegeNote{
		{HostNetwork, "namespace", "the node's own connection tracking table, kube-proxy on loopback, and the node's way to other nodes, DNS and the API server", "those of the pod are looked at, and kube-proxy is not found"},
		{HostPID, "namespace", "which processes hold the same instance of inotify", "an instance that several processes hold is counted for each"},
		{SysPtrace, "capability", "the open files of processes of all users, `/proc/PID/fd` and `fdinfo`, which the kernel shows to none without, root included", "the use of inotify is a blind spot"},
		{DACReadSearch, "capability", "folders that are closed to all but their owner, such as `/proc/PID/fd` itself", "the use of inotify by users other than root is a blind spot"},
		{RootUser, "user", "the socket of the container runtime, which is root's, and capabilities, which the kernel gives to root alone", "`container_runtime` says `denied`, and the use of inotify is a blind spot"},
		{Unconfined, "profiles of AppArmor and SELinux", "processes, sockets and files of the host, which the usual profiles refuse", "where nodes have them, a source is unavailable, and says `denied`"},
		{RuntimeSocket, folder, "the socket of the container runtime. Who may connect to it can do whatever the runtime can; the agent makes the calls `Version` and `Status`", "a container runtime that hangs is not told from a kubelet that does"},
		{HostProc, folder, "limits and use of inotify, cgroups and connection tracking", "none of these is seen"},
		{HostCgroups, folder, "the number of cgroups", "a leak of cgroups goes unnoticed"},
		{HostDisks, folder, "the disks of the kubelet and of the container runtime: their space, and whether they answer", "a full or dead disk is told by the kubelet alone, if it can"},
		{HostLogs, folder, "the disk of pod logs, and whether the node has a pod of kube-proxy", "that disk is a blind spot, and a kube-proxy that has gone may be missed"},
		{HostUnits, folder, "whether systemd is to start a kube-proxy on the node", "a kube-proxy of systemd that has gone may be missed"},
	}
}
