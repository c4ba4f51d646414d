package android.view;

public class Window {
    public int flags;
    public final View decor = new View();

    public void setFlags(int values, int mask) { View.checkThread(); flags = flags & ~mask | values & mask; }
    public void addFlags(int more) { View.checkThread(); flags |= more; }
    public View getDecorView() { return decor; }
}
