package dns

import (
	"strings"

	"github.com/miekg/dns"
)

// domainOf returns the domain of the cluster that the search list of a resolv.conf
// gives away: kubelets write NAMESPACE.svc.DOMAIN, svc.DOMAIN and DOMAIN there. It is
// empty for all other files, such as that of a node or of a computer outside.
func domainOf(file string) string {
	if file == "" {
		return ""
	}
	config, err := dns.ClientConfigFromFile(file)
	if err != nil {
		return "" // the names of the cluster are asked for all the same
	}
	for _, search := range config.Search {
		domain, ok := strings.CutPrefix(search, "svc.")
		if domain = strings.TrimSuffix(domain, "."); ok && domain != "" && isName(domain) {
			return domain
		}
	}
	return ""
}
