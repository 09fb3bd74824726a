package exposition

import (
	"bytes"
	"testing"

	"github.com/kubevitals/kubevitals/test/leakybody"
)

func BenchmarkParse(b *testing.B) {
	var body bytes.Buffer
	if err := leakybody.Write(&body, leakybody.GuideReflectors); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(bytes.NewReader(body.Bytes()), Options{TopN: 5}); err != nil {
			b.Fatal(err)
		}
	}
}
