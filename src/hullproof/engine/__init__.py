"""The only room that talks to an engine: connect, build, inspect, boot, and provide what these need."""
