//! Every change and rule of the business, shared by pages, API, jobs and command line.
