"""Stream formats and protocols: FLV, AMF0 and RTMP."""
