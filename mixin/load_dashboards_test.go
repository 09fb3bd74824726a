package mixin_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

type source struct{ UID string }

// drawnPanel is a panel as it is generated.
type drawnPanel struct {
	ID                       int
	Type, Title, Description string
	Datasource               *source
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults struct {
			Unit, NoValue string
			Min           *float64
			Color         struct{ Mode string }
			Custom        struct{ AxisSoftMin *float64 }
		}
	}
	Transformations []struct {
		ID      string
		Options struct {
			ExcludeByName map[string]bool
			RenameByName  map[string]string
		}
	}
	Targets []struct {
		Expr, LegendFormat string
		Datasource         source
	}
	// Panels are those of a row that is collapsed.
	Panels []drawnPanel
}

func loadDashboards(t *testing.T) []Dashboard {
	t.Helper()
	var list []Dashboard
	for _, file := range files(t, "../dashboards/generated/*.json") {
		var d struct {
			UID, Title, Description string
			Editable                bool
			Templating              struct {
				List []struct {
					Name              string
					Multi, IncludeAll bool
				}
			}
			Panels []drawnPanel
		}
		if err := json.Unmarshal([]byte(read(t, file)), &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		dashboard := Dashboard{File: filepath.Base(file), UID: d.UID, Title: d.Title, Description: d.Description, Editable: d.Editable}
		for _, v := range d.Templating.List {
			dashboard.Variables = append(dashboard.Variables, v.Name)
			if v.Multi || v.IncludeAll {
				dashboard.Several = append(dashboard.Several, v.Name)
			}
		}
		for _, p := range d.Panels {
			dashboard.Panels = append(dashboard.Panels, p.panel(0))
			for _, nested := range p.Panels {
				dashboard.Panels = append(dashboard.Panels, nested.panel(p.ID))
			}
		}
		list = append(list, dashboard)
	}
	return list
}

func (p drawnPanel) panel(row int) Panel {
	defaults := p.FieldConfig.Defaults
	panel := Panel{
		ID: p.ID, Type: p.Type, Title: p.Title, Description: p.Description, Unit: defaults.Unit,
		X: p.GridPos.X, Y: p.GridPos.Y, W: p.GridPos.W, H: p.GridPos.H, Row: row,
		NoValue: defaults.NoValue, Colour: defaults.Color.Mode, Zero: defaults.Min != nil && *defaults.Min == 0 || defaults.Custom.AxisSoftMin != nil,
	}
	if p.Datasource != nil {
		panel.Datasources = append(panel.Datasources, p.Datasource.UID)
	}
	for _, target := range p.Targets {
		panel.Targets = append(panel.Targets, target.Expr)
		panel.Legends = append(panel.Legends, target.LegendFormat)
		panel.Datasources = append(panel.Datasources, target.Datasource.UID)
	}
	for _, t := range p.Transformations {
		switch t.ID {
		case "merge":
			panel.Merged = true
		case "organize":
			panel.Renamed, panel.Hidden = t.Options.RenameByName, t.Options.ExcludeByName
		}
	}
	return panel
}
