from apps.compute.engine.workers import parse_nvidia


def test_devices_are_read_from_what_the_driver_prints():
    found = parse_nvidia("NVIDIA H100 80GB HBM3, 81559\nNVIDIA L4, 23034\n")
    assert [device["name"] for device in found] == ["NVIDIA H100 80GB HBM3", "NVIDIA L4"]
    assert found[0]["memory_bytes"] == 81559 << 20


def test_what_is_no_device_is_left_out():
    assert parse_nvidia("No devices were found\n") == []
