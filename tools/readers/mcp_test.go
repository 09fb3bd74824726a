package readers

import (
	"encoding/json"
	"os/exec"
	"slices"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestMCP speaks with kubevitals mcp as an assistant does, with the official client: it
// lists the tools and asks each.
func TestMCP(t *testing.T) {
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.CommandTransport{Command: exec.Command(program(t), "mcp", "--demo", "--window=0s")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := session.Close(); err != nil {
			t.Errorf("the program does not end well with its input: %v", err)
		}
	}()
	list, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint || tool.Description == "" || tool.InputSchema == nil {
			t.Errorf("%s does not say that it only reads, or what it takes", tool.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"blind_spots", "check_dump", "incident", "incidents", "runbook", "signals"}) {
		t.Fatalf("tools: %v", names)
	}
	call := func(name string, arguments map[string]any, into any) {
		t.Helper()
		result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
		if err != nil || result.IsError || result.StructuredContent == nil {
			t.Fatalf("%s: %v, %+v", name, err, result)
		}
		text := result.Content[0].(*mcp.TextContent).Text
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %v in %s", name, err, text)
		}
	}
	type incident struct {
		ID, Alert, Summary string
		Objects            []struct{ Name string }
	}
	var found struct {
		Notice string
		Data   struct{ Found []incident } `json:"cluster_data"`
	}
	call("incidents", nil, &found)
	i := slices.IndexFunc(found.Data.Found, func(one incident) bool { return one.Alert == "KubeVitalsNodeDiskPressure" })
	if i < 0 || found.Notice == "" {
		t.Fatalf("no incident of the full disk, or no notice: %+v", found)
	}
	var one struct {
		Data struct {
			Found struct {
				FirstCommands string `json:"first_commands"`
				Evidence      []struct{ Series string }
			}
		} `json:"cluster_data"`
	}
	call("incident", map[string]any{"id": found.Data.Found[i].ID}, &one)
	if len(one.Data.Found.Evidence) == 0 || one.Data.Found.FirstCommands == "" {
		t.Errorf("no evidence or commands: %+v", one)
	}
	for name, arguments := range map[string]map[string]any{
		"signals": nil, "blind_spots": nil, "check_dump": {"path": "../../cases/healthy-1.37/dump"},
		"runbook": {"alert": "KubeVitalsNodeDiskPressure", "labels": map[string]string{"node": "worker-2"}},
	} {
		var any map[string]json.RawMessage
		call(name, arguments, &any)
		if len(any) == 0 {
			t.Errorf("%s says nothing", name)
		}
	}
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "incident", Arguments: map[string]any{"id": "none"}})
	if err != nil || !result.IsError {
		t.Errorf("an incident that there is not: %v, %+v", err, result)
	}
}
