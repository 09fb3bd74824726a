// Puts PromQL together from whole expressions, each of any number of lines.
{
  // The expression without the line break at its end, which a text block has.
  line(expr):: std.rstripChars(expr, '\n'),
  // The same with all lines but the first indented, to stand within parentheses.
  indent(expr):: std.join('\n  ', std.split(self.line(expr), '\n')),
  // The same on one line.
  oneLine(expr):: std.join(' ', std.split(self.line(expr), '\n')),
}
