// Command plots draws what kubevitals costs against the size of the cluster, from the
// table that go run ./test/scale -sizes prints.
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"io"
	"os"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "plots:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: plots TABLE.csv PICTURE.svg")
	}
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	t, err := read(in)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	out, err := os.Create(args[1])
	if err != nil {
		return err
	}
	return errors.Join(t.draw(out), out.Close())
}

// table holds the columns by their names.
type table map[string][]float64

// read reads a table with a header. Its error names the line.
func read(r io.Reader) (table, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) < 3 {
		return nil, fmt.Errorf("%d lines: a line needs two points, and the table a header", len(rows))
	}
	t := table{}
	for at, row := range rows[1:] {
		for i, field := range row {
			value, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return nil, fmt.Errorf("line %d, column %s: %w", at+2, rows[0][i], err)
			}
			t[rows[0][i]] = append(t[rows[0][i]], value)
		}
	}
	return t, nil
}

// curve is a column that is drawn, under a name if there are several in a panel.
type curve struct{ column, name string }

// panel is one of the plots.
type panel struct {
	title  string
	curves []curve
}

func panels() [][]panel {
	return [][]panel{
		{
			{"Time of a scrape, ms (median)", []curve{{"scrape_ms", ""}}},
			{"Memory, MiB", []curve{{"resident_mib", "resident, scraped every 15 s"}, {"peak_mib", "peak"}}},
		},
		{
			{"Series", []curve{{"series", ""}}},
			{"CPU, seconds a minute", []curve{{"cpu_seconds_per_minute", ""}}},
		},
	}
}

const width, height = 24 * vg.Centimeter, 16 * vg.Centimeter

// draw draws all panels against the number of nodes.
func (t table) draw(w io.Writer) error {
	plot.DefaultFont.Variant = "Sans"
	rows := panels()
	plots := make([][]*plot.Plot, len(rows))
	for i, row := range rows {
		for _, one := range row {
			p, err := t.plot(one)
			if err != nil {
				return fmt.Errorf("%s: %w", one.title, err)
			}
			plots[i] = append(plots[i], p)
		}
	}
	canvas := vgsvg.New(width, height)
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	pad := 4 * vg.Millimeter
	tiles := draw.Tiles{Rows: len(rows), Cols: len(rows[0]), PadX: 2 * pad, PadY: 2 * pad, PadTop: pad, PadBottom: pad, PadLeft: pad, PadRight: pad}
	for i, row := range plot.Align(plots, tiles, whole) {
		for j, part := range row {
			plots[i][j].Draw(part)
		}
	}
	if _, err := canvas.WriteTo(w); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

// palette are colours that also differ for who does not tell red from green.
func palette() []color.Color {
	return []color.Color{color.RGBA{0x00, 0x72, 0xB2, 0xFF}, color.RGBA{0xD5, 0x5E, 0x00, 0xFF}}
}

func (t table) plot(of panel) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = of.title
	p.X.Label.Text = "nodes"
	p.X.Min, p.Y.Min = 0, 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	for i, c := range of.curves {
		points, err := t.points("nodes", c.column)
		if err != nil {
			return nil, err
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		line.Color, dots.Color = palette()[i], palette()[i]
		line.Width = vg.Points(1.5)
		dots.Shape = draw.CircleGlyph{}
		p.Add(line, dots)
		if c.name != "" {
			p.Legend.Add(c.name, line)
		}
	}
	if p.Y.Max *= 1.1; len(of.curves) > 1 {
		p.Y.Max *= 1.2 // room for the legend
	}
	return p, nil
}

func (t table) points(x, y string) (plotter.XYs, error) {
	for _, name := range []string{x, y} {
		if len(t[name]) == 0 {
			return nil, fmt.Errorf("the table has no column %s", name)
		}
	}
	points := make(plotter.XYs, len(t[x]))
	for i := range points {
		points[i] = plotter.XY{X: t[x][i], Y: t[y][i]}
	}
	return points, nil
}
