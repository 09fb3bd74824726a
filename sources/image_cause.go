package sources

import "github.com/kubevitals/kubevitals/sources/events"

// ImageCause says why an image is not pulled. The set is closed.
type ImageCause string

// The causes.
const (
	// RegistryDenies: the registry refuses who asks, or has no such repository: it does not
	// tell a stranger which.
	RegistryDenies ImageCause = "denied"
	// ImageMissing: the registry has no such image or tag.
	ImageMissing ImageCause = "not_found"
	// RegistryUnresolved: the name of the registry is not resolved on the node.
	RegistryUnresolved ImageCause = "unresolved"
	// RegistryUntrusted: the certificate of the registry is not taken.
	RegistryUntrusted ImageCause = "certificate"
	// RegistryPlain: the registry speaks HTTP, and the runtime asks it over HTTPS.
	RegistryPlain ImageCause = "plain_http"
	// RegistryLimits: the registry has answered too many requests.
	RegistryLimits ImageCause = "rate_limited"
	// RegistryUnreachable: the node does not reach the registry, or not in time.
	RegistryUnreachable ImageCause = "unreachable"
	// RegistryFails: the registry answers with an error of its own.
	RegistryFails ImageCause = "registry_failing"
	// NoRoomForImage: the node has no space left for the image.
	NoRoomForImage ImageCause = "no_space"
	// ImageUntold: nothing of this, or no event says so.
	ImageUntold ImageCause = "unknown"
)

// ImageCauses returns every cause.
func ImageCauses() []ImageCause {
	return []ImageCause{
		RegistryDenies, ImageMissing, RegistryUnresolved, RegistryUntrusted, RegistryPlain, RegistryLimits, RegistryUnreachable, RegistryFails,
		NoRoomForImage, ImageUntold,
	}
}

// ImageKind are the events in which kubelets say why an image was not pulled, among others
// of the same reason, which have none of the phrases.
func ImageKind() events.Kind { return events.Kind{Reason: "Failed", Object: "Pod"} }

// imagePhrases are those of containerd, CRI-O, Docker and of registries, the most telling
// first: that a name is not resolved in time is no matter of the registry.
// testdata/image_messages.yaml has whole messages.
func imagePhrases() phrases[ImageCause] {
	return phrases[ImageCause]{
		{"no space left on device", NoRoomForImage},
		{"toomanyrequests", RegistryLimits},
		{"429 too many requests", RegistryLimits},
		{"dial tcp: lookup ", RegistryUnresolved},
		{"no such host", RegistryUnresolved},
		{"server gave http response to https client", RegistryPlain},
		{"x509: ", RegistryUntrusted},
		{"tls: ", RegistryUntrusted},
		{"401 unauthorized", RegistryDenies},
		{"403 forbidden", RegistryDenies},
		{"pull access denied", RegistryDenies},
		{"no basic auth credentials", RegistryDenies},
		{"unauthorized: ", RegistryDenies},
		{"authentication required", RegistryDenies},
		{"authorization failed", RegistryDenies},
		{"access to the resource is denied", RegistryDenies},
		{"denied: ", RegistryDenies},
		{"manifest unknown", ImageMissing},
		{": not found", ImageMissing},
		{"connection refused", RegistryUnreachable},
		{"no route to host", RegistryUnreachable},
		{"network is unreachable", RegistryUnreachable},
		{"i/o timeout", RegistryUnreachable},
		{"tls handshake timeout", RegistryUnreachable},
		{"request canceled while waiting for connection", RegistryUnreachable},
		{"deadline exceeded", RegistryUnreachable},
		{"500 internal server error", RegistryFails},
		{"502 bad gateway", RegistryFails},
		{"503 service unavailable", RegistryFails},
		{"504 gateway time", RegistryFails},
		{"failed to authorize", RegistryDenies}, // and nothing of the above kept it from it
	}
}

// ImageCauseOf is the cause that a phrase of EventPhrases stands for.
func ImageCauseOf(phrase string) ImageCause { return imagePhrases().causeOf(phrase, ImageUntold) }
