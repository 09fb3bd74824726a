package sources

// webhookResources are the rows of admission webhooks.
func webhookResources() Table {
	const group = "admissionregistration.k8s.io"
	return Table{
		{
			Group: group, Versions: []string{"v1"}, Kind: "ValidatingWebhookConfiguration", Plural: "validatingwebhookconfigurations", Whole: true,
			Lists: []List{{Source: ValidatingWebhooks}},
			Trim:  Trimmed(trimValidating), Redact: Redacted(redactValidating),
			Aliases: aliases("ValidatingWebhookConfiguration", Trimmed(trimValidating), group+"/v1beta1"),
		},
		{
			Group: group, Versions: []string{"v1"}, Kind: "MutatingWebhookConfiguration", Plural: "mutatingwebhookconfigurations", Whole: true,
			Lists: []List{{Source: MutatingWebhooks}},
			Trim:  Trimmed(trimMutating), Redact: Redacted(redactMutating),
			Aliases: aliases("MutatingWebhookConfiguration", Trimmed(trimMutating), group+"/v1beta1"),
		},
	}
}
