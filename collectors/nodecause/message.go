package nodecause

import "strings"

// phrase is a text by which a kubelet gives a cause away, in lower case.
type phrase struct {
	text  string
	cause Cause
}

// phrases are those of the kubelets since 1.2, most telling first: a message may
// join several with commas, and then the first of this list counts. A runtime
// that is down explains a stuck PLEG; a network plugin that is missing explains
// neither. Text of the runtime or of a plugin follows these words, so that no
// list could hold it all.
func phrases() []phrase {
	return []phrase{
		{"node is shutting down", MachineGone},
		{"container runtime is down", RuntimeDown},
		{"container runtime not ready", RuntimeDown},
		{"runtimeready=false", RuntimeDown},
		// Before the first answer of the runtime since the kubelet's start.
		{"runtime status check may not have completed", KubeletSetup},
		{"failed to start containermanager", KubeletSetup},
		{"failed to start eviction manager", KubeletSetup},
		{"failed to initialize top level qos containers", KubeletSetup},
		{"pleg is not healthy", PLEGStuck},
		{"networkready=false", NetworkPluginMissing},
		{"runtime network not ready", NetworkPluginMissing},
		{"network state unknown", NetworkPluginMissing},
		{"network not configured", NetworkPluginMissing},
		{"network plugin is not ready", NetworkPluginMissing},
		{"csinode", KubeletSetup},
		{"missing node capacity", KubeletSetup},
		{"out of disk", Disk},
		{"no space left on device", Disk},
	}
}

// spoken is the cause that a message of the condition Ready names.
func spoken(message string) Cause {
	message = strings.ToLower(message)
	for _, p := range phrases() {
		if strings.Contains(message, p.text) {
			return p.cause
		}
	}
	return Unknown
}
