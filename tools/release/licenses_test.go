package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func apache(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const mit = `MIT License

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

const zlib = `This software is provided 'as-is', without any express or implied warranty. In no event will the authors be held liable for any damages
arising from the use of this software.

Permission is granted to anyone to use this software for any purpose, including commercial applications, and to alter it and redistribute it freely,
subject to the following restrictions:

1. The origin of this software must not be misrepresented; you must not claim that you wrote the original software. If you use this software in a product,
an acknowledgment in the product documentation would be appreciated but is not required.
2. Altered source versions must be plainly marked as such, and must not be misrepresented as being the original software.
3. This notice may not be removed or altered from any source distribution.
`

// TestCopiedCode verifies that the licences of a module and of what it copied from others
// are found, and that notices go along without being taken for licences.
func TestCopiedCode(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	write(t, top, "LICENSE", apache(t))
	write(t, top, "NOTICE", "Made by somebody.")
	write(t, top, "license.go", "package licensed")
	write(t, top, "third_party/copied/LICENSE.txt", mit)
	write(t, top, "third_party/copied/code/code.go", "package code")
	write(t, top, "unused/COPYING", "a licence of code that is not in the program")
	m := &component{path: "example.com/m", version: "v1.0.0", texts: map[string][]byte{}}
	if err := m.readTexts(filepath.Join(top, "third_party/copied/code"), top); err != nil {
		t.Fatal(err)
	}
	if err := m.classify(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Apache-2.0", "MIT"}; !slices.Equal(m.licenses, want) {
		t.Errorf("licences %v, want %v", m.licenses, want)
	}
	text := string(notice([]component{*m}))
	for _, part := range []string{"Apache-2.0 AND MIT  example.com/m  v1.0.0", "example.com/m v1.0.0: NOTICE\n", "Made by somebody.", "example.com/m v1.0.0: third_party/copied/LICENSE.txt\n"} {
		if !strings.Contains(text, part) {
			t.Errorf("the notice does not say %q", part)
		}
	}
	if strings.Contains(text, "not in the program") {
		t.Error("the notice has the licence of code that is not in the program")
	}
}

// TestLicensesThatDoNotFit verifies that what is not known, or not allowed, is refused.
func TestLicensesThatDoNotFit(t *testing.T) {
	t.Parallel()
	for says, text := range map[string]string{
		"are words of a licence that is known": "All rights are ours, and nobody else may do a thing.",
		"is none of":                           zlib,
	} {
		m := &component{path: "example.com/m", version: "v1.0.0", texts: map[string][]byte{"LICENSE": []byte(text)}}
		if err := m.classify(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error that says %q", text, err, says)
		}
	}
	m := &component{path: "example.com/m", version: "v1.0.0", texts: map[string][]byte{"NOTICE": []byte("ours")}}
	if err := m.classify(); err == nil || !strings.Contains(err.Error(), "has no licence") {
		t.Errorf("a module without a licence: %v", err)
	}
}
