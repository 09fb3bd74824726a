package export

// Documents is what checks see of a file of several documents.
var Documents = documents
