package web

import "testing"

func TestWordBreaks(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		"<p>KubeVitalsAPIServerDown</p>":                       "<p>Kube<wbr>Vitals<wbr>API<wbr>Server<wbr>Down</p>",
		"<p>a kubevitals_node_disk metric, and short_ones</p>": "<p>a kubevitals_<wbr>node_<wbr>disk metric, and short_ones</p>",
		"<p>short_one NodeReady</p>":                           "<p>short_one NodeReady</p>",
		"<p>ip-10-0-19-135.example.internal</p>":               "<p>ip-10-0-19-135.<wbr>example.<wbr>internal</p>",
		"<p>https://10.0.19.135:6443</p>":                      "<p>https:<wbr>/<wbr>/<wbr>10.0.19.135:6443</p>",
		"<pre>kubectl.get_long.names</pre>":                    "<pre>kubectl.get_long.names</pre>",
		"<title>KubeVitalsAPIServerDown</title><p>x</p>":       "<title>KubeVitalsAPIServerDown</title><p>x</p>",
		`<a href="some/long.path_here">x</a>`:                  `<a href="some/long.path_here">x</a>`,
		"<p>rock&amp;roll&lt;script&gt;forever</p>":            "<p>rock&amp;roll&lt;script&gt;forever</p>",
		"<p>憑證機構的名稱_是這樣的</p>":                                  "<p>憑證機構的名稱_<wbr>是這樣的</p>",
	} {
		got, err := withWordBreaks([]byte(page))
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", page, got, err)
		}
	}
}
