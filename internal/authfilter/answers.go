package authfilter

import (
	"errors"
	"fmt"
	"net/http"
)

// refuse says why, and what to do about it.
func (f *Filter) refuse(w http.ResponseWriter, r *http.Request, v verdict) {
	if v.status == http.StatusForbidden {
		http.Error(w, fmt.Sprintf("%q may not %s %s. The ClusterRole kubevitals-reader gives that right:\n"+
			"kubectl create clusterrolebinding NAME --clusterrole=kubevitals-reader --user=%q\n", v.user, verbOf(r.Method), r.URL.Path, v.user), v.status)
		return
	}
	// Both may be asked for; a browser takes the second.
	w.Header().Add("WWW-Authenticate", `Bearer realm="kubevitals"`)
	w.Header().Add("WWW-Authenticate", `Basic realm="kubevitals: any name, and a token of the cluster as password", charset="UTF-8"`)
	http.Error(w, fmt.Sprintf("There is no token with this request, or the cluster does not know it. Make one, and send it as bearer, or as the password "+
		"that a browser asks for, with any name:\nkubectl -n %s create token kubevitals-reader\n", f.options.Namespace), v.status)
}

// why says to somebody who is not known that nobody could be asked.
func (f *Filter) why(err error) string {
	if errors.Is(err, errBusy) {
		return "Too many tokens are presented at once. Try again in a moment."
	}
	if err, ok := errors.AsType[*rightError](err); ok {
		return fmt.Sprintf("kubevitals cannot ask the API server who you are: it has no right to create %s. The ClusterRole kubevitals-auth gives it.", err.resource)
	}
	return fmt.Sprintf("kubevitals cannot ask the API server who you are: it does not answer. "+
		"Who was let in within the last %s, with the same token, still is.", f.options.Grace)
}
