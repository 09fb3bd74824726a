// Puts PromQL together from whole expressions, each of any number of lines.
{
  // The expression without the line break at its end, which a text block has.
  line(expr):: std.rstripChars(expr, '\n'),
  // The same with all lines but the first indented, to stand within parentheses.
  indent(expr):: std.join('\n  ', std.split(self.line(expr), '\n')),
  // The same on one line.
  oneLine(expr):: std.join(' ', std.split(self.line(expr), '\n')),
  // The seconds of a duration as Prometheus writes it, such as 1h30m.
  seconds(duration)::
    local units = { s: 1, m: 60, h: 60 * 60, d: 24 * 60 * 60, w: 7 * 24 * 60 * 60, y: 365 * 24 * 60 * 60, i: 0.001 };
    local read(so_far, letter) =
      if letter in units
      then { sum: so_far.sum + so_far.number * units[letter], number: 0 }
      else so_far { number: 10 * super.number + std.parseInt(letter) };
    std.ceil(std.foldl(read, std.stringChars(std.strReplace(duration, 'ms', 'i')), { sum: 0, number: 0 }).sum),
  // A part of a description that tells of what is looked up when it is made. The
  // expression has %s for the selector and %q for each of the labels of the alert;
  // the text is a template in which the dot is the first sample found. Where there
  // is none, nothing is said. For labels that change while an alert lasts: in its
  // own labels they would make another alert of it.
  lookup(c, expr, labels, text, selector=c.selector)::
    '{{ with query (printf `%s` $labels.%s%s) }}{{ with first . }}%s{{ end }}{{ end }}' % [
      expr % (selector + ', %s=%%q' % c.clusterLabel),
      c.clusterLabel,
      std.join('', [' $labels.' + label for label in labels]),
      text,
    ],
  // The same of all samples that are found, by the values of one of their labels, with
  // ; between them.
  each(c, expr, labels, by, text, selector=c.selector)::
    '{{ range $i, $one := query (printf `%s` $labels.%s%s) | sortByLabel "%s" }}{{ if $i }}; {{ end }}%s{{ end }}' % [
      std.strReplace(expr, '%s', selector + ', %s=%%[1]q' % c.clusterLabel),
      c.clusterLabel,
      std.join('', [' $labels.' + label for label in labels]),
      by,
      text,
    ],
  // The same again, with the first values of one label as a list within a sentence, and
  // nothing where there is none.
  list(c, expr, labels, by, before, after, selector=c.selector)::
    '{{ with query (printf `%s` $labels.%s%s) | sortByLabel "%s" }}%s{{ range $i, $one := . }}{{ if lt $i 5 }}{{ if $i }}, {{ end }}{{ $one.Labels.%s }}{{ end }}{{ end }}{{ if gt (len .) 5 }} and others{{ end }}%s{{ end }}' % [
      std.strReplace(expr, '%s', selector + ', %s=%%[1]q' % c.clusterLabel),
      c.clusterLabel,
      std.join('', [' $labels.' + label for label in labels]),
      by,
      before,
      by,
      after,
    ],
}
