// A form that came back with errors begins at the first field that has one.

document.querySelector("form[method=post] [aria-invalid=true]")?.focus();
