"""Live indicators: a stream of events becomes windows, and windows become signals.

`events` normalises what arrives, `store` keeps it, `indicator` says what a monitor of a case
measures, `engine` decides what it reports. Nothing here decides a status of a claim: signals go
into the record, and the assessment reads them there.
"""
