"""Shows a greeting."""

import streamlit as st

st.title("Hello")
name = st.text_input("Who is there?", "World")
st.write(f"Hello {name}")
